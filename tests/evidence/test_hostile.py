"""Records and pop-ups with any value in any field, among frames of a lossy day: nothing fails, and every law holds."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from calltrack import Frame, Snapshot, Tracker
from calltrack.core.replica import Replica
from tests.evidence.week import SIDES, Made, made, merged

VALUES: tuple[Any, ...] = (None, "", -1, 0, 1e308, 10**30, "x", [], {}, "99999999999", 1_701_343_787, True)
APART = (-3600, -5, 5, 3600, 400 * 86_400)


def disturbed(what: Made, seed: int) -> Iterator[Frame]:
    """The frames and records of a day, and among them records that were made wrong."""
    random = Random(seed)
    bodies = [frame.payload() for _, frame in what.posts]
    for frame in merged(what.frames, what.posts):
        yield frame
        if random.random() < 0.1:
            body = dict(random.choice(bodies))
            body["time"] += random.choice(APART)
            for name in random.sample(list(body), 3):
                body[name] = random.choice(VALUES)
            if random.random() < 0.3:
                body["ivruniqueid"] = random.choice(bodies)["ivruniqueid"]
            yield Frame.of("cdr", body, frame.at)


def with_popups(what: Made, seed: int) -> Iterator[Frame]:
    """The frames and records of a day, and pop-up requests of its legs at any time, some of them made wrong."""
    random = Random(seed)
    legs: list[dict[str, Any]] = []
    for frame in merged(what.frames, what.posts):
        yield frame
        if frame.event == "ExtensionEvent":
            data = frame.payload()["data"]
            for call in data["calls"]:
                said = {name: call.get(name) for name in ("ivrid", "direction", "callStarted", "callAnswered")}
                legs.append({**said, "extenUser": data["extenUser"], "isAnswered": call.get("answered")})
        if legs and random.random() < 0.3:
            late = random.choice((-100, 0, 1, 60))
            body = {**random.choice(legs[-40:]), "receivedAt": (frame.at or 0) + late}
            body["status"] = random.choice(("Ringing", "Talking", "Hangup"))
            if random.random() < 0.2:
                body |= {name: random.choice(VALUES) for name in random.sample(list(body), 2)}
            yield Frame.of("popup", body, frame.at)


@pytest.mark.parametrize("stream", [disturbed, with_popups])
def test_any_record_keeps_every_law(stream: Callable[[Made, int], Iterator[Frame]]) -> None:
    """Changes lead to the snapshot, sums add up, nothing is negative, and a snapshot is read as it was written."""
    what = made(2, 2, *SIDES["both lossy"])
    for seed in range(4):
        tracker, replica = Tracker(history=50), Replica(history=50)
        for frame in stream(what, seed):
            for change in tracker.feed(frame):
                replica.apply(change)
        snapshot = tracker.snapshot()

        assert replica.differences(Replica.of(snapshot)) == []
        assert replica.faults == 0
        assert Snapshot.from_json(snapshot.to_json()) == snapshot
        for queue in snapshot.queues:
            left = queue.answered + queue.picked_up + queue.abandoned + queue.lost
            assert queue.queued == left + len(queue.waiting)
        for call in snapshot.ended:
            assert min(call.wait_s, call.ring_s, call.talk_s, call.hold_s, call.unknown_s) >= 0
            if call.started is not None and call.ended_at is not None:
                spent = call.wait_s + call.talk_s + call.hold_s + call.unknown_s
                assert spent <= call.ended_at - call.started
