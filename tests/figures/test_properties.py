"""What holds of facts and figures whatever the stream says."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calltrack import Frame, Snapshot, State, Tracker
from calltrack.figures import Checkpoint, Facts, Options, Part, Report, Rows, report
from calltrack.simulate import Faults, Plan, traffic
from calltrack.testing import streams

OPTIONS = Options(wrap_up=(5,), available=(1, 9))
FAULTS = Faults(lose=0.02, repeat=0.02, delay=0.02, reorder=0.02, corrupt=0.0, disconnects=3, restarts=0.3, outage=60)
patient = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def simulated(draw: st.DrawFn) -> list[Frame]:
    """An hour or less of a call centre, every fault on or none."""
    plan = Plan(
        agents=draw(st.integers(1, 12)), queues=draw(st.integers(1, 4)), spying=0.3, transfers=0.9, consults=0.9
    )
    faults = draw(st.sampled_from([Faults(), FAULTS]))
    hours = draw(st.sampled_from([0.2, 1.0]))
    seed = draw(st.integers(0, 2**32))
    return [
        Frame.of(line.frame.event, line.frame.data)
        for lines, _ in traffic(plan, seed=seed, hours=hours, faults=faults)
        for line in lines
    ]


frames = simulated() | streams(40)


def gathered(stream: list[Frame]) -> Facts:
    """The facts of a whole stream, frame by frame."""
    tracker, facts = Tracker(), Facts()
    for frame in stream:
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    return facts


def bounds(facts: Facts) -> tuple[float, float]:
    """First and last moment, with some room."""
    return (facts.first or 0) - 10, (facts.time or 0) + 10


def in_three(facts: Facts, one: float, other: float) -> list[Part]:
    """The whole time in three parts."""
    since, until = bounds(facts)
    first, second = sorted((since + (until - since) * one, since + (until - since) * other))
    return [Part("1", since, first), Part("2", first, second), Part("3", second, until)]


def as_json(found: Report) -> Any:
    """The report as a client gets it by HTTP."""
    return msgspec.json.decode(msgspec.json.encode(found))


shares = st.floats(0, 1)


@patient
@given(frames, shares, shares, shares)
def test_live_figures_equal_the_batch(stream: list[Frame], cut: float, one: float, other: float) -> None:
    """Change by change, asked on the way, stopped and gone on from what was stored: the same report at the end."""
    batch = gathered(stream)
    tracker, facts = Tracker(), Facts()
    for number, frame in enumerate(stream):
        for change in tracker.feed(frame):
            facts.apply((change,))
        facts.apply((), tracker.time)
        if number == int(cut * len(stream)):
            report(facts, options=OPTIONS)
            tracker = Tracker.restore(Snapshot.from_json(tracker.snapshot().to_json()))
            facts = Facts.restore(Checkpoint.from_json(facts.checkpoint().to_json()))
    facts.learn(tracker.snapshot())

    assert batch.checkpoint() == facts.checkpoint()
    parts = in_three(batch, one, other)
    assert as_json(report(batch, options=OPTIONS, parts=parts)) == as_json(report(facts, options=OPTIONS, parts=parts))


@patient
@given(frames, shares, shares)
def test_intervals_add_up(stream: list[Frame], one: float, other: float) -> None:
    """What is counted, and time, is in exactly one part; who waits at the end of one waits at the start of the next."""
    facts = gathered(stream)
    since, until = bounds(facts)
    parts = in_three(facts, one, other)
    found = report(facts, since, until, OPTIONS, parts)
    for name in ("queued", "offered", "answered", "picked_up", "abandoned", "abandoned_short", "lost", "rings"):
        assert getattr(found.total.waits, name) == sum(getattr(part.waits, name) for part in found.parts)
    for name in ("rang", "handled", "dialed", "transfers", "talk_s", "hold_s", "wrap_up_s", "busy_s", "available_s"):
        assert getattr(found.total.work, name) == sum(getattr(part.work, name) for part in found.parts)
    assert found.total.observed_s == sum(part.observed_s for part in found.parts)
    before = sum(
        entry.joined_at is not None and entry.joined_at < since and (entry.left_at is None or entry.left_at >= since)
        for entry in facts.queue_entries
    )
    placed = all(entry.joined_at is not None for entry in facts.queue_entries)
    for part in found.parts:
        assert part.waits is not None
        if placed:
            assert before + part.waits.queued == part.waits.offered + part.waits.waiting
        before = part.waits.waiting


@patient
@given(frames)
def test_the_groups_add_up(stream: list[Frame]) -> None:
    """Queues to all waits, extensions and agents to all work, accounts to all of it, directions to all calls."""
    found = report(gathered(stream), options=OPTIONS)
    total = found.total
    assert total.waits is not None and total.work is not None
    for groups in (found.queues, found.accounts):
        assert total.waits.offered == sum(group.waits.offered for group in groups if group.waits)
    for groups in (found.extensions, found.agents, found.accounts):
        works = [group.work for group in groups if group.work]
        assert total.work.handled == sum(work.handled for work in works)
        assert total.work.talk_s == sum(work.talk_s for work in works)
        assert total.work.transfers == sum(work.transfers for work in works)
    assert total.calls[0].calls == sum(one.calls for one in total.calls[1:])
    assert total.calls[0].calls == sum(account.calls[0].calls for account in found.accounts)


@patient
@given(frames)
def test_a_wait_has_one_end(stream: list[Frame]) -> None:
    """Offered is answered, abandoned and lost, and always all queued but those who still wait."""
    waits = report(gathered(stream)).total.waits
    assert waits is not None

    assert waits.offered == waits.answered + waits.abandoned + waits.lost == waits.queued - waits.waiting


@patient
@given(frames)
def test_what_lives_is_what_the_tracker_holds(stream: list[Frame]) -> None:
    """No row of something live too many, or the memory would grow; and none too few."""
    tracker, facts = Tracker(), Facts()
    for frame in stream:
        facts.apply(tracker.feed(frame), tracker.time)
    snapshot, held = tracker.snapshot(), facts.checkpoint()
    live = [call for call in held.calls if call.over is None]

    assert {call.call_id for call in snapshot.calls} == {call.call_id for call in live}
    legs = sorted((leg.call_id, leg.attempt) for call in snapshot.calls for leg in call.legs)
    mine = [one.leg for call in held.calls for one in call.legs.values()]
    assert legs == sorted((leg.call_id, leg.attempt) for leg in mine if leg.outcome is None)
    waits = sorted((wait.call_id, wait.queue_id) for queue in snapshot.queues for wait in queue.waiting)
    stays = [one.wait for call in held.calls for one in call.waits]
    assert waits == sorted((wait.call_id, wait.queue_id) for wait in stays if wait.outcome is None)
    assert {known.exten_user for known in snapshot.extensions} == {row.exten_user for row in held.statuses}


@patient
@given(frames)
def test_spells_are_the_life_of_a_leg(stream: list[Frame]) -> None:
    """What an ended leg spent in each state is what its durations say, without gap or overlap."""
    for leg in gathered(stream).legs:
        for state, seconds in ((State.TALKING, leg.talk_s), (State.HOLD, leg.hold_s)):
            if leg.ended_at is not None and seconds is not None and leg.unknown_s is not None:
                spells = [spell for spell in leg.spells if spell.state is state and spell.until is not None]
                assert seconds == sum((spell.until or 0) - (spell.since or 0) for spell in spells)
        for before, after in zip(leg.spells, leg.spells[1:], strict=False):
            assert before.until is None or after.since is None or before.until <= after.since


@patient
@given(frames, shares)
def test_what_is_dropped_is_not_missed_later(stream: list[Frame], cut: float) -> None:
    """The figures of an interval are the same after what had ended before it was dropped, and handed out."""
    facts = gathered(stream)
    since, until = bounds(facts)
    at = since + (until - since) * cut
    before, rows = report(facts, at, until, Options()).total, len(list(facts.legs))
    dropped = facts.drop_before(at)

    after = report(facts, at, until, Options()).total
    assert before.waits == after.waits
    assert before.work == after.work or dropped.legs  # a transfer is known by the legs before it
    assert before.observed_s == after.observed_s
    assert rows == len(list(facts.legs)) + len(dropped.legs)
    assert (report(facts, since, at).total.observed_s, ()) == (0, report(facts, since, at).total.work.statuses)  # type: ignore[union-attr]


@patient
@given(frames, st.integers(1, 30), st.sampled_from([0, 2, 1000]), shares, shares)
def test_what_is_handed_out_changes_no_figure(
    stream: list[Frame], every: int, history: int, one: float, other: float
) -> None:
    """Whenever it is, whatever comes later and whichever interval is asked for; and what is held stays little."""
    tracker, facts, batch, handed_out = Tracker(history=history), Facts(), Facts(), []
    for number, frame in enumerate(stream):
        changes = tracker.feed(frame)
        batch.apply(changes, tracker.time)
        facts.apply(changes, tracker.time)
        if number % every == 0:
            handed_out.append(facts.hand_out(history))
            held = facts.checkpoint()
            assert (True, Rows()) == (sum(call.over is not None for call in held.calls) <= history, held.done)
    whole = Facts.restore(facts.checkpoint().after(handed_out))

    parts = in_three(batch, one, other)
    assert as_json(report(batch, options=OPTIONS, parts=parts)) == as_json(report(whole, options=OPTIONS, parts=parts))


@patient
@given(frames, shares, shares)
def test_shares_are_shares(stream: list[Frame], one: float, other: float) -> None:
    """Between 0 and 1, in order, and no time is longer than the interval."""
    facts = gathered(stream)
    for part in report(facts, options=OPTIONS, parts=in_three(facts, one, other)).parts:
        assert part.waits is not None and part.work is not None
        level = part.waits.service_level
        reported = [level.handled_only, level.ignoring_abandons, level.negative, level.positive, part.coverage]
        reported += [part.work.occupancy, part.waits.abandonment_rate]
        assert all(share is None or 0 <= share <= 1 for share in reported)
        if level.negative is not None and level.positive is not None and level.ignoring_abandons is not None:
            assert level.negative <= min(level.positive, level.ignoring_abandons)
