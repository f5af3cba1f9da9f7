import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from calltrack import Tracker
from calltrack.feed.wallclock import ServerClock
from calltrack.serve.security.scope import EVERYTHING
from calltrack.serve.stream.state import View
from tests.serve.service import Fed
from tests.serve.stream.board import KEYS, bare
from tests.serve.stream.test_streams import simulated

STORE = Path(__file__).parents[2] / "calltrack" / "serve" / "page" / "store.js"
SCRIPT = """
const { Store } = await import(process.argv[1]);
const store = new Store();
let text = "";
for await (const part of process.stdin) text += part;
for (const [event, data] of JSON.parse(text)) store.take(event, data);
const held = Object.fromEntries(["calls", "extensions", "queues"].map((kind) => [kind, [...store[kind].values()]]));
console.log(JSON.stringify(held));
"""


def test_the_page_holds_the_state() -> None:
    """What it makes of the state and of each update after it is the state at the end."""
    tracker, sent = Tracker(), list[tuple[str, Any]]()
    view = View(tracker.snapshot, ServerClock(1.0), Fed())
    for number, frame in enumerate(simulated(600)):
        tracker.feed(frame)
        view.stale()
        if number == 200:
            sent.append(("state", msgspec.json.decode(view.board_json(EVERYTHING))))
        elif number > 200 and number % 3 == 0 and (update := view.update(EVERYTHING)) is not None:
            sent.append(("update", msgspec.json.decode(msgspec.json.encode(update))))
    last = view.update(EVERYTHING)
    sent += [("update", msgspec.json.decode(msgspec.json.encode(last)))] if last is not None else []
    state = msgspec.json.decode(view.state_json(EVERYTHING))

    command = ["node", "--input-type=module", "-e", SCRIPT, STORE.as_uri()]
    done = subprocess.run(command, input=json.dumps(sent), capture_output=True, text=True, check=True)

    held = json.loads(done.stdout)
    for kind in ("calls", "extensions", "queues"):
        key = KEYS[kind]
        assert {one[key]: bare(one) for one in state[kind]} == {one[key]: bare(one) for one in held[kind]}
    assert held["calls"]
