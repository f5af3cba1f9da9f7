"""A report in a process of its own: its memory is gone with it, and the service's thread has its core to itself."""

from __future__ import annotations

from multiprocessing import get_context
from multiprocessing.connection import Connection
from signal import SIG_IGN, SIGINT, signal

from calltrack.core.records import Seconds
from calltrack.figures import Checkpoint, Facts, Options, Report, report
from calltrack.serve.history.finishedrows import Extract


def reported(held: Checkpoint, written: Extract, since: Seconds, until: Seconds | None, options: Options) -> Report:
    """The report of what facts hold and of what they handed out; blocks. Raises EOFError if the process was ended."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_report, args=(theirs, held, written, since, until, options), daemon=True)
    process.start()
    theirs.close()
    try:
        found: Report = ours.recv()
    finally:
        ours.close()
        process.join()
    return found


def _report(
    answer: Connection, held: Checkpoint, written: Extract, since: Seconds, until: Seconds | None, options: Options
) -> None:
    signal(SIGINT, SIG_IGN)  # the terminal's is for the service, which still waits for this
    answer.send(report(Facts.restore(held.after(written.parts())), since, until, options))
