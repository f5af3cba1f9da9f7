"""Everything that calltrack raises:

CalltrackError
├── NotAFrame            a text is not a frame; says why
├── RecordingError       a recording cannot be read at all; says which and why
│   └── BadLine          one line of it is not a frame; says file, line and reason
├── NotAnIndex           a recording's index cannot be believed; says which and why
├── NotASnapshot         a text is not a snapshot's JSON; says why
│   └── OtherFormat      it is one, but of another version of calltrack
├── AnomalyFound         a strict tracker met what should not happen; carries the changes
├── journal.JournalError a journal cannot be used; see calltrack/journal/errors.py
├── serve.*              the service cannot start, or be asked, like this: TokensError, NeedsTokens, CannotListen,
│                        ConfigError, InternalAddress; each stands beside what raises it
└── live.LiveError       the live service cannot be used; see calltrack/live/errors.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calltrack.core.changes import Anomaly, Change


class CalltrackError(Exception):
    """Base of all errors that calltrack raises on purpose."""


class NotAFrame(CalltrackError):
    """A text is not a frame; the message is the reason, without the text itself (it may hold phone numbers)."""


class RecordingError(CalltrackError):
    """A recording cannot be read: missing, a directory, not permitted, or broken compression."""


class BadLine(RecordingError):
    """One line of a recording is not a frame."""

    def __init__(self, file: str, line: int, reason: str):
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class NotAnIndex(CalltrackError):
    """A recording's index is damaged, of other bytes, or made by another version; the recording itself may be sound."""


class NotASnapshot(CalltrackError):
    """A text is not the JSON of a snapshot that this version can restore."""


class OtherFormat(NotASnapshot):
    """A snapshot of another format, which another version of calltrack wrote."""


class AnomalyFound(CalltrackError):
    """A tracker made with strict=True met an anomaly; the frame was applied in full before this was raised."""

    def __init__(self, anomaly: Anomaly, changes: tuple[Change, ...]):
        super().__init__(f"frame {anomaly.position}: {anomaly.kind}: {anomaly.detail}")
        self.anomaly = anomaly
        self.changes = changes
