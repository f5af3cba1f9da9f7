"""Know, at every moment and with proof, what every call and every agent of a call centre is doing.

The public names; they load on first use, so that a command that needs none of them starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calltrack.changes import Anomaly, AnomalyKind, Change
    from calltrack.errors import CalltrackError
    from calltrack.recording import Recording, read_recording
    from calltrack.snapshot import Snapshot
    from calltrack.states import AGENT_STATUSES, Outcome, State
    from calltrack.tracker import Tracker
    from calltrack.wire import Frame

_HOMES = {
    "AGENT_STATUSES": "states",
    "Anomaly": "changes",
    "AnomalyKind": "changes",
    "CalltrackError": "errors",
    "Change": "changes",
    "Frame": "wire",
    "Outcome": "states",
    "Recording": "recording",
    "Snapshot": "snapshot",
    "State": "states",
    "Tracker": "tracker",
    "read_recording": "recording",
}

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'calltrack' has no attribute {name!r}")
    return getattr(import_module(f"calltrack.{_HOMES[name]}"), name)
