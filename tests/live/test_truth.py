"""A big call centre for hours, over a real socket, with every fault on: what the stream says is what is true."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from calltrack import Change, Tracker
from calltrack.core import observations
from calltrack.core.changes import Anomaly, CallEnded, CallResumed, ConnectionRegained
from calltrack.core.records import Gap
from calltrack.live import Stream
from calltrack.simulate import End, Faults, Line, Plan, Truth
from calltrack.simulate.server import Simulator
from tests.live.harness import FAST, fixed, scenario

_SPEED = 1500.0  # simulated seconds per second: a lost connection of a tenth of a second misses minutes
_HOURS = 3.0


class Centre(Simulator):
    """Keeps what was true at each snapshot that it sent, by server time, and every end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(witness=self._see, **options)
        self.truths: dict[int, Truth] = {}
        self.ends: list[End] = []

    def _see(self, lines: list[Line], truth: Truth) -> None:
        self.ends += truth.ends

    def _snapshots(self, connection: Any) -> Any:
        self.truths[int(self.world.now)] = self.truth()
        return super()._snapshots(connection)


class Scored(Tracker):
    """A tracker that is compared with the truth after each snapshot."""

    def __init__(self, centre: Centre) -> None:
        super().__init__()
        self.centre = centre
        self.compared = 0

    def feed(self, frame: observations.Frame) -> tuple[Change, ...]:
        """Feed, and compare after the second half of the snapshots."""
        changes = super().feed(frame)
        body = frame.body
        if isinstance(body, observations.AllExtensions) and body.stamp:
            assert body.offset_min is not None
            self.compare(self.centre.truths[int(body.stamp - body.offset_min * 60)])
            self.compared += 1
        return changes

    def compare(self, truth: Truth) -> None:
        """Every leg, agent and waiting call, and nothing else."""
        known = self.snapshot()
        legs: dict[str, Counter[tuple[str, str]]] = {each.exten_user: Counter() for each in known.extensions}
        for call in known.calls:
            for leg in call.legs:
                legs[leg.exten_user][call.call_id, leg.state] += 1
        assert legs == {name: Counter((leg.call, leg.state) for leg in found) for name, found in truth.legs.items()}
        agents = {each.exten_user: (each.agent_id or 0, each.agent_status) for each in known.extensions}
        assert agents == truth.agents
        waiting = {int(queue.queue_id): [wait.call_id for wait in queue.waiting] for queue in known.queues}
        assert waiting == truth.waiting


@pytest.mark.slow
@scenario
async def test_the_stream_shows_the_truth() -> None:
    """After each snapshot the tracker equals the truth, and the ends are the true ones.

    But for those inside gaps, and those whose frames were lost: an anomaly names the call then, or nothing was heard
    since.
    """
    faults = Faults(
        **dict.fromkeys(("lose", "repeat", "delay", "reorder", "corrupt"), 0.002),
        disconnects=8,
        restarts=1,
        outage=60,
    )
    centre = Centre(plan=Plan(agents=200), seed=6, speed=_SPEED, faults=faults)
    async with centre:
        tracker = Scored(centre)
        source = fixed(centre.url, protocol=3, token=centre.credentials.token)
        ended: dict[str, float] = {}
        gaps: list[Gap] = []
        named = set[str]()
        first: float | None = None
        until = centre.plan.start + _HOURS * 3600
        async with Stream(source, timing=FAST, tracker=tracker) as stream:
            async for change in stream:
                first = change.at if first is None else first
                if isinstance(change, CallResumed):
                    ended.pop(change.call_id, None)
                elif isinstance(change, CallEnded):
                    ended[change.call_id] = change.at or 0.0
                elif isinstance(change, ConnectionRegained):
                    gaps.append(change.gap)
                elif isinstance(change, Anomaly):
                    named.add(change.call_id)
                # Some time more: of a call that is redialed, the end may have been reported too early.
                if change.at is not None and change.at > until + 900:
                    break
    assert first is not None
    true = {end.call: end.at for end in centre.ends if end.what == "call"}
    assert not [call for call, at in ended.items() if at < until and call not in true]
    over = {call.call_id for call in tracker.snapshot().ended}  # also by the rest of the last frame
    known = {*ended, *over}
    seen = [
        call for call, at in true.items() if first < at < until and not missed(at, gaps)
    ]  # a busy machine joins late
    missing = [call for call in seen if call not in known]
    assert not [call for call in missing if call not in named and not silent(tracker, call, true[call])]
    assert len(missing) < 10
    # Connected anew eight times, and seldom enough on a busy machine: simulated time does not wait for it.
    assert tracker.compared > 1
    assert gaps
    assert len(ended) > 500


def missed(at: float, gaps: list[Gap]) -> bool:
    """Whether it was in a gap; what was on its way, up to 10 s late, is lost with the connection.

    A gap without a begin is of a connection that was lost before its first stamp.
    """
    return any(gap.until and (gap.since or 0) - 11 <= at <= gap.until + 1 for gap in gaps)


def silent(tracker: Tracker, call_id: str, since: float) -> bool:
    """Whether the extensions that still have the call said nothing since: if its HANGUP was lost, no one can know."""
    having = [known for known in tracker.snapshot().extensions if any(leg.call_id == call_id for leg in known.legs)]
    return bool(having) and all(known.confirmed_at is not None and known.confirmed_at <= since for known in having)
