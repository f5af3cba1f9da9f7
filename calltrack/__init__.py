"""Know, at every moment and with proof, what every call and every agent of a call centre is doing.

The public names; they load on first use, so that a command that needs none of them starts fast. Type checkers see them
as what they are. `Recording` reads a file; `CallRecording` is what links a leg to its audio.
"""

from typing import TYPE_CHECKING

__version__ = "0.2.0"

if TYPE_CHECKING:
    from calltrack.core.changes import (
        AgentLoggedOff,
        AgentLoggedOn,
        AgentRenamed,
        AgentStatusChanged,
        AgentStatusRevised,
        Anomaly,
        AnomalyKind,
        CallChange,
        CallEnded,
        CallLinked,
        CallResumed,
        CallRevised,
        CallStarted,
        CallStateChanged,
        CampaignAppeared,
        CampaignChange,
        CampaignChanged,
        CampaignRemoved,
        Change,
        ConnectionLost,
        ConnectionRegained,
        ExtensionAppeared,
        ExtensionChange,
        ExtensionRemoved,
        ExtensionStateChanged,
        LegAnswered,
        LegBlurred,
        LegChange,
        LegConfirmed,
        LegCorrected,
        LegDoubted,
        LegEnded,
        LegHeld,
        LegResumed,
        LegRetrieved,
        LegRevised,
        LegStarted,
        QueueChange,
        QueueJoined,
        QueueLeft,
        RecordingChanged,
        WaitBlurred,
        WaitConfirmed,
        WaitCorrected,
        WaitDoubted,
        WaitResumed,
        WaitRevised,
    )
    from calltrack.core.errors import CalltrackError
    from calltrack.core.records import (
        Call,
        Campaign,
        Extension,
        Gap,
        Leg,
        Queue,
        Record,
        Spell,
        Wait,
    )
    from calltrack.core.records import Recording as CallRecording
    from calltrack.core.snapshot import Snapshot
    from calltrack.core.states import AGENT_STATUSES, Outcome, State
    from calltrack.core.tracker import Tracker
    from calltrack.recordings.recording import Recording, read_recording
    from calltrack.voicenter.frames import Frame

__all__ = [
    "AGENT_STATUSES",
    "AgentLoggedOff",
    "AgentLoggedOn",
    "AgentRenamed",
    "AgentStatusChanged",
    "AgentStatusRevised",
    "Anomaly",
    "AnomalyKind",
    "Call",
    "CallChange",
    "CallEnded",
    "CallLinked",
    "CallRecording",
    "CallResumed",
    "CallRevised",
    "CallStarted",
    "CallStateChanged",
    "CalltrackError",
    "Campaign",
    "CampaignAppeared",
    "CampaignChange",
    "CampaignChanged",
    "CampaignRemoved",
    "Change",
    "ConnectionLost",
    "ConnectionRegained",
    "Extension",
    "ExtensionAppeared",
    "ExtensionChange",
    "ExtensionRemoved",
    "ExtensionStateChanged",
    "Frame",
    "Gap",
    "Leg",
    "LegAnswered",
    "LegBlurred",
    "LegChange",
    "LegConfirmed",
    "LegCorrected",
    "LegDoubted",
    "LegEnded",
    "LegHeld",
    "LegResumed",
    "LegRetrieved",
    "LegRevised",
    "LegStarted",
    "Outcome",
    "Queue",
    "QueueChange",
    "QueueJoined",
    "QueueLeft",
    "Record",
    "Recording",
    "RecordingChanged",
    "Snapshot",
    "Spell",
    "State",
    "Tracker",
    "Wait",
    "WaitBlurred",
    "WaitConfirmed",
    "WaitCorrected",
    "WaitDoubted",
    "WaitResumed",
    "WaitRevised",
    "read_recording",
]

if not TYPE_CHECKING:
    from importlib import import_module as _load

    _HOMES = dict.fromkeys(__all__, "core.changes")
    _RECORDS = ("Call", "CallRecording", "Campaign", "Extension", "Gap", "Leg", "Queue", "Record", "Spell", "Wait")
    _HOMES |= dict.fromkeys(_RECORDS, "core.records")
    _HOMES |= {
        "AGENT_STATUSES": "core.states",
        "CalltrackError": "core.errors",
        "Frame": "voicenter.frames",
        "Outcome": "core.states",
        "Recording": "recordings.recording",
        "Snapshot": "core.snapshot",
        "State": "core.states",
        "Tracker": "core.tracker",
        "read_recording": "recordings.recording",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'calltrack' has no attribute {name!r}")
        return getattr(_load(f"calltrack.{_HOMES[name]}"), name.replace("CallRecording", "Recording"))

    def __dir__() -> list[str]:
        return sorted([*globals(), *_HOMES])
