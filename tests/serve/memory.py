"""What today's figures cost, and that their memory does not grow with the day.

`python -m tests.serve.memory --changes 1000000` counts the changes of a simulated call centre as fast as it can. Prints
this process's resident memory after a tenth of them and after all (simulator and tracker included), what is on the
disk, and the time and the memory of the process that makes a report of them.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from calltrack import Frame, Tracker
from calltrack.figures import Options
from calltrack.journal import Journal
from calltrack.serve.history.figures import Figures
from calltrack.simulate import Plan, traffic

_MB = 1e6
_DAY = Plan(agents=600, queues=20, start=1_704_664_800)  # from midnight; a million changes are 21 hours


def resident() -> float:
    """Memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / _MB


async def measure(folder: Path, most: int) -> None:
    """Count so many changes."""
    Journal.open(folder / "journal").close()
    tracker = Tracker()
    figures = Figures(folder / "journal", tracker.snapshot)
    await figures.begin(tracker.snapshot())
    changes, begin, mark = 0, None, most // 10
    for lines, _ in traffic(_DAY, seed=0, hours=1e9):
        for line in lines:
            found = tracker.feed(Frame.of(line.frame.event, line.frame.data))
            figures.see(found, tracker.time)
            changes, begin = changes + len(found), begin or tracker.time
        if changes >= mark:
            hours = ((tracker.time or 0) - (begin or 0)) / 3600
            print(f"{changes:9,} changes, {hours:.1f} h: {resident():.0f} MB resident", flush=True)
            if mark == most:
                break
            mark = most
    since = time.monotonic()
    counted = await figures.report(None, Options(), tracker.snapshot())
    took, child = time.monotonic() - since, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / _MB
    size = sum(path.stat().st_size for path in folder.glob("journal-today")) / _MB
    work = counted.total.work
    print(
        f"a report of {work.rang if work else 0:,} legs that rang: {took:.1f} s, {child:.0f} MB in a process of its own"
    )
    print(f"on the disk: {size:.0f} MB; here: {resident():.0f} MB resident")
    figures.close()


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=1_000_000, metavar="N", help="default: %(default)s")
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), parser.parse_args().changes))


if __name__ == "__main__":
    main()
