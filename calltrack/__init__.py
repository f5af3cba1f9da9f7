"""Know, at every moment and with proof, what every call and every agent of a call centre is doing.

The public names; they load on first use, so that a command that needs none of them starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from calltrack.core.changes import Anomaly, AnomalyKind, Change
    from calltrack.core.errors import CalltrackError
    from calltrack.core.snapshot import Snapshot
    from calltrack.core.states import AGENT_STATUSES, Outcome, State
    from calltrack.core.tracker import Tracker
    from calltrack.recordings.recording import Recording, read_recording
    from calltrack.voicenter.frames import Frame
else:
    _HOMES = {
        "AGENT_STATUSES": "core.states",
        "Anomaly": "core.changes",
        "AnomalyKind": "core.changes",
        "CalltrackError": "core.errors",
        "Change": "core.changes",
        "Frame": "voicenter.frames",
        "Outcome": "core.states",
        "Recording": "recordings.recording",
        "Snapshot": "core.snapshot",
        "State": "core.states",
        "Tracker": "core.tracker",
        "read_recording": "recordings.recording",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'calltrack' has no attribute {name!r}")
        return getattr(import_module(f"calltrack.{_HOMES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted([*globals(), *_HOMES])


__all__ = [
    "AGENT_STATUSES",
    "Anomaly",
    "AnomalyKind",
    "CalltrackError",
    "Change",
    "Frame",
    "Outcome",
    "Recording",
    "Snapshot",
    "State",
    "Tracker",
    "read_recording",
]
