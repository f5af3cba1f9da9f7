"""A recording of a live stream that outlives a full disk: it waits for room, goes on, and reports gaps.

While the disk takes nothing, frames wait in memory, up to a limit; those are written late and nothing is missing.
Beyond the limit frames are dropped, and the recording gets what a reader already understands: a `disconnect` at the
moment of the first one that is missing, with how many there were, then a `connect` and the snapshots, which the stream
is asked for, so that the state is known again.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EDQUOT, EFBIG, ENOSPC

from calltrack.recordings.writer import RecordingWriter
from calltrack.voicenter.frames import Frame

MOST = 64 * 1024 * 1024
"""Bytes of frames that wait for room at most."""

_NO_ROOM = frozenset({ENOSPC, EDQUOT, EFBIG})


class Recorder:
    """Takes the frames of one stream; `line` makes each into its line, `resync` asks the stream for its snapshots.

    `trouble` says in words why nothing can be written, "" while it can; `missing` is how many frames were dropped in
    all. Raises OSError for anything but a full disk.
    """

    def __init__(
        self,
        writer: RecordingWriter,
        line: Callable[[Frame], bytes],
        resync: Callable[[], None],
        most: int = MOST,
    ) -> None:
        self.trouble = ""
        self.missing = 0
        self._writer = writer
        self._line = line
        self._resync = resync
        self._most = most
        self._server: str | None = None
        self._dropped = 0
        self._since: float | None = None
        self._now: float | None = None

    def take(self, frame: Frame) -> None:
        """Record a frame."""
        self._now = frame.at
        if frame.event == "connect":
            self._server = frame.payload()["server"]
        elif frame.event == "disconnect":
            self._server = None
        if self._dropped or self._writer.waiting > self._most:
            self._since = self._since if self._dropped else frame.at
            self._dropped += 1
            return
        self._try(lambda: self._writer.write_line(self._line(frame)))

    def flush(self) -> None:
        """Make every frame so far readable; to be called once a second."""
        if self._try(self._writer.flush) and self._dropped:
            self._report()

    def _report(self) -> None:
        dropped, self._dropped = self._dropped, 0
        self.missing += dropped
        reason = f"the disk was full: {dropped} frames are not recorded"
        self._try(lambda: self._writer.write("disconnect", {"reason": reason}, self._since))
        if (server := self._server) is not None:
            self._try(lambda: self._writer.write("connect", {"server": server}, self._now))
        self._resync()

    def _try(self, write: Callable[[], None]) -> bool:
        try:
            write()
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self.trouble = error.strerror or str(error)
            return False
        self.trouble = ""
        return True
