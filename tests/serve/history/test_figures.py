from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import pytest

from calltrack import Frame, Tracker
from calltrack.figures import Facts, Options, Report, report
from calltrack.figures.missed import missed
from calltrack.journal import Journal
from calltrack.serve.engine import Engine
from calltrack.serve.history.figures import Figures
from calltrack.serve.history.follower import Follower
from calltrack.serve.history.past import MOST_QUERIES
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.serve.stream.hub import Gone
from calltrack.simulate import Faults, Plan, traffic
from calltrack.words.numbers import normal
from tests.journal.stream import written
from tests.live.harness import scenario
from tests.serve.security.test_guard import bearer
from tests.serve.service import Fed, service
from tests.serve.stream.test_streams import simulated
from tests.serve.test_engine import until

MIDNIGHT = 1_704_664_800  # of the simulated day, where it is two hours ahead of UTC


FRAMES = simulated(1500)


def batch(frames: list[Frame], since: float) -> Report:
    """The figures of one reading of all frames."""
    tracker, facts = Tracker(), Facts()
    for frame in frames:
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    return report(facts, since, None, Options())


@pytest.mark.parametrize("restart", [0, 700])
def test_live_figures_equal_those_of_the_whole_recording(tmp_path: Path, restart: int) -> None:
    """Also when the service was restarted in between."""

    async def life(frames: list[Frame]) -> Report:
        source = Fed()
        engine = Engine(source, Journal.open(tmp_path / "journal"), anew=False)
        begin, running = engine.tracker.snapshot().position, asyncio.create_task(engine.run())
        source.give(*frames)
        await until(lambda: engine.tracker.snapshot().position == begin + len(frames) and engine.figures.ready)
        found = await engine.figures.report(None, Options(), engine.view.snapshot)
        running.cancel()
        await asyncio.wait([running])
        await engine.close()
        return found

    async def scene() -> Report:
        if restart:
            await life(FRAMES[:restart])
        return await life(FRAMES[restart:])

    found = asyncio.run(scene())

    assert batch(FRAMES, MIDNIGHT) == found
    assert found.total.waits is not None
    assert found.total.waits.answered > 10


def test_at_midnight_a_new_day_begins(tmp_path: Path) -> None:
    """What ended the day before is in no figure of today, and nothing of the new day is missing."""
    plan = Plan(agents=60, start=MIDNIGHT + 86400 - 3600)
    frames = [
        Frame.of(line.frame.event, line.frame.data)
        for lines, _ in traffic(plan, seed=1, hours=2, faults=Faults())
        for line in lines
    ]
    half = len(frames) // 2
    path = written(tmp_path / "journal", tuple(frames))
    follower = Follower(path)
    follower.follow(half, MIDNIGHT)
    _, found = follower.report(len(frames), MIDNIGHT + 86400, MIDNIGHT + 86400, Options(), EVERYTHING)
    expected = batch(frames, MIDNIGHT + 86400)

    assert (len(frames), expected) == (found.position, msgspec.json.decode(found.json, type=Report))
    assert expected.total.waits is not None
    assert expected.total.waits.answered > 10


@scenario
async def test_who_was_missed() -> None:
    """Today, or since a moment before; a role gets its queues' callers, and one without numbers two digits of each."""
    tokens = {
        "a" * 30: Visitor("all", EVERYTHING),
        "q" * 30: Visitor("one", Scope(queues=frozenset({"5001"}))),
        "n" * 30: Visitor("none", Scope(phone_numbers=False)),
    }
    async with service(tokens) as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        _, whole = await running.get("/api/missed", headers=bearer("a" * 30))
        _, before = await running.get("/api/missed?since=1704000000", headers=bearer("a" * 30))
        _, part = await running.get("/api/missed", headers=bearer("q" * 30))
        _, one = await running.get("/api/missed?queue=5002", headers=bearer("a" * 30))
        _, hidden = await running.get("/api/missed", headers=bearer("n" * 30))
        refused, _ = await running.get("/api/missed?since=0", headers=bearer("a" * 30))

    tracker, facts = Tracker(), Facts()
    for frame in FRAMES:
        facts.apply(tracker.feed(frame), tracker.time)
    expected = msgspec.to_builtins(missed(facts.calls, normal))
    assert len(expected["callers"]) > 3
    assert msgspec.json.decode(msgspec.json.encode(expected["callers"])) == whole["callers"] == before["callers"]
    assert expected["anonymous"] == whole["anonymous"]
    assert {"5001"} == {caller["queue_id"] for caller in part["callers"]}
    assert {"5002"} == {caller["queue_id"] for caller in one["callers"]}
    assert all(len(caller["number"]) == 3 for caller in hidden["callers"])
    assert 400 == refused


def waited(begin: int, caller: str, *queues: int) -> list[Frame]:
    """A caller who gives up in a queue, or goes on to another one and gives up there."""
    call_id, frames = f"2023113011{begin:04}{'b' * 18}", list[Frame]()
    for at, (left, joined) in enumerate(zip((0, *queues), (*queues, 0), strict=True)):
        moment = 1701344218 + begin + at
        entry = {"CallerID": caller, "IvrUniqueID": call_id, "JoinTimeStamp": moment}
        for reason, queue, calls in (("JOIN", joined, [entry]), ("ABANDONED", left, [])):
            if queue:
                data = {"QueueID": queue, "QueueName": str(queue), "Calls": calls}
                stamps = {"servertime": moment, "servertimeoffset": 120, "ivruniqueid": call_id}
                frames.append(Frame.of("QueueEvent", {"reason": reason, **stamps, "data": data}))
    return frames


@scenario
async def test_a_role_gets_the_missed_calls_that_it_sees() -> None:
    """Today and of the past: a caller is there for each queue that missed a call, with the calls that were there."""
    frames = [*waited(100, "0529999999", 71), *waited(200, "0529999999", 71), *waited(300, "0529999999", 72)]
    frames += [*waited(400, "0528888888", 73, 72), *waited(500, "anonymous", 72)]
    tokens = {name * 30: Visitor(name, Scope(queues=frozenset({f"7{name}"}))) for name in "123"}
    found: dict[str, object] = {}
    async with service(tokens) as running:
        running.source.give(*frames)
        await running.reached(len(frames))
        for name in "123":
            for since in ("", "?since=1701300000"):
                _, answer = await running.get(f"/api/missed{since}", headers=bearer(name * 30))
                calls = [
                    [one["queue_id"], one["calls"], *(id[10:14] for id in one["call_ids"])] for one in answer["callers"]
                ]
                found[name + since[:1]] = calls, answer["anonymous"]

    expected = {"1": ([["71", 2, "0100", "0200"]], 0), "2": ([["72", 1, "0300"], ["72", 1, "0400"]], 1)}
    expected["3"] = ([["72", 1, "0400"]], 0)
    assert {name + since: expected[name] for name in "123" for since in ("", "?")} == found


@scenario
async def test_a_role_gets_the_figures_of_its_part() -> None:
    """And an interval is counted from the journal; a bad one is refused, and one too many that is not everybody's."""
    tokens = {"a" * 30: Visitor("all", EVERYTHING), "q" * 30: Visitor("one", Scope(queues=frozenset({"5001"})))}
    async with service(tokens) as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        _, whole = await running.get("/api/kpis", headers=bearer("a" * 30))
        _, part = await running.get("/api/kpis", headers=bearer("q" * 30))
        _, hour = await running.get("/api/kpis?since=1704697200&until=1704700800", headers=bearer("a" * 30))
        refused, _ = await running.get("/api/kpis?since=0&until=1e10", headers=bearer("a" * 30))
        with ExitStack() as taken:
            for _ in range(MOST_QUERIES):
                taken.enter_context(running.engine.past.ration.one("all"))
            own, _ = await running.get("/api/kpis?service_level_s=33.5", headers=bearer("a" * 30))
            usual, _ = await running.get("/api/kpis", headers=bearer("a" * 30))

    assert (
        msgspec.to_builtins(batch(FRAMES, MIDNIGHT).total, str_keys=True)["waits"] == whole["report"]["total"]["waits"]
    )
    assert len(whole["report"]["queues"]) == 4
    assert ["5001"] == [one["key"] for one in part["report"]["queues"]]
    assert (None, [], []) == (part["report"]["total"]["waits"], part["report"]["agents"], part["report"]["accounts"])
    assert 1704700800 == hour["report"]["until"]
    assert (400, 429, 200) == (refused, own, usual)


@scenario
async def test_a_damaged_frame_is_a_gap_of_the_figures(tmp_path: Path) -> None:
    """They are of what could be read, and say what was not observed."""
    path = written(tmp_path / "journal", tuple(FRAMES))
    with Journal.open(path, read_only=True) as journal:
        known = journal.tracker().snapshot()
    whole = await Figures(path, lambda: known).report((MIDNIGHT - 1, None), Options(), known)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE frames SET sum = 0 WHERE position = 700")
    damaged = await Figures(path, lambda: known).report((MIDNIGHT - 1, None), Options(), known)

    assert "frame 700 of the journal is damaged" in [gap.reason for gap in damaged.gaps]
    assert len(whole.gaps) + 1 == len(damaged.gaps)
    assert damaged.total.observed_s <= whole.total.observed_s


@scenario
async def test_what_takes_long_to_count_is_counted_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every role gets the figures up to the same frame, and the answer says which; then what came since is in it."""
    monkeypatch.setattr("calltrack.serve.history.figures.FRESH", 0.0)
    path = written(tmp_path / "journal", tuple(FRAMES))
    Follower(path).follow(1000, MIDNIGHT)
    with Journal.open(path, read_only=True) as journal:
        before, known = (journal.tracker(position).snapshot() for position in (1000, 1500))
    figures, asked, scope = Figures(path, lambda: known), (MIDNIGHT - 86400, None), Scope(queues=frozenset({"5001"}))
    first = await figures.answer(asked, Options(), before)
    again = await figures.answer(asked, Options(), known)
    part = await figures.answer(asked, Options(), known, scope)
    monkeypatch.setattr(figures, "_counted", OrderedDict())  # as if enough time had passed
    last = await figures.answer(asked, Options(), known)
    await figures.close()

    expected = [msgspec.json.encode(batch(FRAMES[:end], asked[0])) for end in (1000, 1500)]
    assert [(1000, expected[0])] * 2 == [(one.position, one.json) for one in (first, again)]
    shown = msgspec.json.decode(part.json, type=Report)
    assert (1000, ["5001"]) == (part.position, [one.key for one in shown.queues])
    assert (1500, expected[1]) == (last.position, last.json)


@scenario
async def test_what_is_kept_no_more_is_no_fault(tmp_path: Path) -> None:
    """There are no figures of what was dropped while it was counted, nor of a file that is no journal any more."""
    path = written(tmp_path / "journal", tuple(FRAMES))
    with Journal.open(path, read_only=True) as journal:
        known = journal.tracker(600).snapshot()
    figures = Figures(path, lambda: known)
    path.write_bytes(b"x" * 4096)

    with pytest.raises(Gone, match="cannot be read"):
        await figures.report((MIDNIGHT - 2, None), Options(), known)
