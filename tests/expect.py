"""Writes what the tracker makes of a recording beside it: `python -m tests.expect RECORDING...`.

For a new scenario, or after a change of behaviour that was meant: read the difference before you commit it.
"""

import json
import sys
from pathlib import Path

import msgspec

from calltrack import Tracker, read_recording


def outcome(recording: Path) -> tuple[str, str]:
    """What NAME.changes.jsonl and NAME.snapshot.json should hold."""
    tracker = Tracker()
    changes = [change for frame in read_recording(recording) for change in tracker.feed(frame)]
    lines = "".join(msgspec.json.encode(change).decode() + "\n" for change in changes)
    return lines, json.dumps(json.loads(tracker.snapshot().to_json()), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        changes, snapshot = outcome(path)
        path.with_suffix(".changes.jsonl").write_text(changes, encoding="utf-8")
        path.with_suffix(".snapshot.json").write_text(snapshot, encoding="utf-8")
