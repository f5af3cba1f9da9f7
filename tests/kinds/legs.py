"""What a leg is, whose it is, and when it was answered: rulings 5 to 8, 12 and 17."""

from random import Random
from typing import Any

from calltrack.core.changes import AgentLoggedOff, AgentLoggedOn
from calltrack.testing.frames import START
from tests.kinds.day import Day, agent, in_any_order, moments
from tests.outputs import has


def listed_twice(day: Day, random: Random) -> None:
    """Lists have the same call two or three times; it is one (5)."""
    ring, answer, hold, back, end = moments(random, 5)
    day.join(0)
    day.talk(ring, answer)
    day.leave(answer, "EXIT")
    day.hold(hold, back)
    day.list_all(back)
    day.hangup(end)
    for _, payload in day.items:
        for listed in (payload.get("data", {}), *payload.get("extensions", ())):
            for name in {"calls", "Calls"} & set(listed):
                listed[name] *= random.randint(1, 3)
    found = day.outputs()

    assert has(found.leg("SIP0"), ring_s=answer - ring, talk_s=end - answer - (back - hold), hold_s=back - hold)
    assert has(found.call(), legs=1, answered=True, ended_at=end, wait_s=answer)
    assert has(found.work("600"), rang=1, handled=1)
    assert all(len(phone.legs) <= 1 for state in found.states for phone in state.extensions)
    assert all(len(queue.waiting) <= 1 for state in found.states for queue in state.queues)


def start_that_moves(day: Day, random: Random) -> None:
    """`callStarted` moves by up to 5 s in an answer, a hold, or a status event; the leg is the same (5)."""
    moved: dict[str, Any] = {"callStarted": START + 10 + random.choice((-5, -4, -2, -1, 1, 2, 3, 5))}
    where = random.choice(("ANSWER", "HOLD", "status"))
    answer = random.randint(16, 20)
    incoming = random.random() < 0.6
    day.new(10, status="Ringing" if incoming else "Dialing")
    day.answer(answer, **(moved if where == "ANSWER" else {}))
    if where == "status":
        day.calls[0]["a"] |= moved
    day.status(answer + 5)
    if where == "HOLD":
        day.calls[0]["a"] |= moved
    day.hold(answer + 10, answer + 20)
    day.hangup(answer + 60)
    found = day.outputs()

    assert has(found.leg("SIP0"), answered_at=answer, ended_at=answer + 60, talk_s=50, hold_s=10, unknown_s=0)
    assert has(found.call(), legs=1, answered=True)
    assert has(found.work("600"), rang=int(incoming), not_answered=0, handled=1)


def lists_that_are_missing(day: Day, random: Random) -> None:
    """`calls` absent or null says nothing, not even in a HANGUP (6)."""
    ring, answer, hold, back, end = moments(random, 5)

    def silent(share: float) -> None:
        if random.random() < share:
            del day.last["data"]["calls"]
        elif random.random() < share:
            day.last["data"]["calls"] = None

    def status(at: int) -> None:
        day.calls[0], kept = {}, day.calls[0]
        day.status(at, status=random.choice((1, 3, 9)))
        day.calls[0] = kept
        silent(1)

    day.new(ring)
    status(ring)
    day.answer(answer)
    status(answer)
    day.hold(hold, back)
    status(back)
    day.hangup(end)
    silent(0.3)
    found = day.outputs()

    talk, held = end - answer - (back - hold), back - hold
    assert has(found.leg("SIP0"), started=ring, answered_at=answer, ended_at=end, cause="Normal hangup")
    assert has(found.leg("SIP0"), ring_s=answer - ring, talk_s=talk, hold_s=held, unknown_s=0)
    assert has(found.call(), ended_at=end, outcome="answered", talk_s=talk)
    assert has(found.work("600"), rang=1, handled=1, talk_s=talk, not_answered=0)


def click2call(day: Day, random: Random) -> None:
    """The customer's leg begins when its NEWCALL comes, whatever its stamps; the call talks when it is answered (7)."""
    start, agent_on, dialed, answer, end = moments(random, 5)
    fields: dict[str, Any] = {"queueID": None, "direction": "Click2Call", "c2cdirection": random.choice((1, "1"))}
    got = random.random() < 0.7
    day.new(start, status="Dialing", **fields)
    day.answer(agent_on)
    day.calls[0]["a"] |= {"answered": 0, "callAnswered": 0}
    day.change(dialed, "NEWCALL", c2cdirection=2)
    if got:
        day.answer(answer)
    day.hangup(end)
    found = day.outputs()

    own, customer = sorted(found.legs("SIP0"), key=lambda leg: int(leg["c2c"]))
    talk = end - answer if got else 0
    assert has(own, started=start, ended_at=dialed, talk_s=0)
    assert has(customer, started=dialed, ended_at=end, answered=got, talk_s=talk, ring_s=end - dialed - talk)
    assert has(found.call(), answered=got, started=start, ended_at=end, talk_s=talk)


def consult_and_transfer(day: Day, random: Random) -> None:
    """The far end of a transfer begins when its NEWCALL comes and never rang; no talk counts twice (7)."""
    answer, hold, dial, consult, transfer, end = moments(random, 6)
    inside: dict[str, Any] = {"queueID": None, "isInternal": True}
    day.talk(0, answer)
    day.hold(hold)
    day.new(dial, 0, "b", "Dialing", **inside)
    day.new(dial, 1, "b", **inside)
    day.answer(consult, 0, "b")
    day.answer(consult, 1, "b")
    gone: dict[str, Any] = {"cause": "", "dialStatus": "Transfer"}
    linked: dict[str, Any] = {
        "answered_at": consult,
        "relatedIvrUniqueIDs": ["a", "b"],
        "transferExtensionName": "SIP0",
        "queueID": None,
    }
    in_any_order(
        random,
        lambda: day.hangup(transfer, **gone),
        lambda: day.hangup(transfer, 0, "b", **gone),
        lambda: day.hangup(transfer, 1, "b", **gone),
        lambda: day.new(transfer, 1, "c", "Talking", callStarted=START + dial, **linked),
    )
    day.hangup(end, 1, "c")
    found = day.outputs()

    assert has(found.leg("SIP0", "a"), talk_s=hold - answer, hold_s=transfer - hold, outcome="transferred", unknown_s=0)
    for phone in ("SIP0", "SIP1"):
        assert has(found.leg(phone, "b"), talk_s=transfer - consult, ended_at=transfer, unknown_s=0)
    assert has(found.leg("SIP1", "c"), started=transfer, talk_s=end - transfer, ring_s=0, rang=False, ended_at=end)
    assert has(found.work("601"), talk_s=end - consult)


def talking_that_was_ring(day: Day, random: Random) -> None:
    """A leg shows Talking with answered 0 and goes back to its queue, which kept the caller: it rang (8)."""
    ring, shown, end, again, answer, over = moments(random, 6)
    day.join(0)
    day.new(ring)
    day.change(shown, random.choice(("UNHOLD", "ANSWER", "userStatusUpdate")), callstatus="Talking")
    day.hangup(end)
    day.talk(again + 3, answer + 3, 1)
    day.leave(answer + 3, "EXIT")
    day.hangup(over + 3, 1)
    found = day.outputs()

    assert has(found.leg("SIP0"), answered=False, outcome="not answered here", ring_s=end - ring, talk_s=0)
    assert has(found.leg("SIP1"), answered_at=answer + 3, ring_s=answer - again, talk_s=over - answer)
    assert has(found.stay(), wait_s=answer + 3, rings=2)
    assert has(found.queue("waits"), re_rings=1)
    assert has(found.call(), answered_at=answer + 3, wait_s=answer + 3, talk_s=over - answer, ended_at=over + 3)
    assert has(found.work("600"), handled=0, not_answered=1)
    assert has(found.work("601"), handled=1)


def holds(day: Day, random: Random) -> None:
    """Each hold counts; HANGUP may come in the last (field guide §4)."""
    times = moments(random, 2 * random.randint(1, 6) + random.randint(0, 1), 9)
    day.begin("Talking")
    held, end = 0, times[-1] + 14
    for begin, until in zip(times[::2], times[1::2], strict=False):
        day.hold(begin + 5, until + 5)
        held += until - begin
    if len(times) % 2:
        day.hold(times[-1] + 5)
        held += 9
    day.hangup(end)

    assert has(day.outputs().leg("SIP0"), hold_s=held, talk_s=end - 5 - held, unknown_s=0)


def ring_that_never_ends(day: Day, random: Random) -> None:
    """Its list has it for long after its call was answered or given up: live, doubtful, not missed (12)."""
    day.join(0)
    day.new(2)
    day.new(2, 1)
    given_up = random.random() < 0.3
    if not given_up:
        day.answer(8, 1)
    day.leave(8, "ABANDONED" if given_up else "EXIT")
    day.hangup(8 if given_up else 68, 1)
    for at in moments(random, random.randint(1, 4), 3000):
        day.status(at + 160)
    found = day.outputs()

    (leg,) = [leg for phone in found.states[-1].extensions for leg in phone.legs]
    assert ("Ringing", True) == (leg.state.value, bool(leg.doubtful))
    assert has(found.call(), ended_at=None, outcome=None)
    assert has(found.work("601"), handled=int(not given_up))
    assert not any(one["work"]["not_answered"] for one in found.report["agents"] if one["key"] == "600")


def agent_with_another_name(day: Day, random: Random) -> None:
    """An agent is an id; the name is the newest; no one logged on or off (17)."""
    calls = random.randint(2, 5)
    for number in range(calls):
        at, name = 40 * number, f"call {number}"
        day.talk(at + 1, at + 5, name=name)
        day.agents[0] |= agent(600, f"Name {number}")
        if random.random() < 0.5:
            day.status(at + 8)
        day.hangup(at + 35, name=name)
    found = day.outputs()

    (row,) = [one for one in found.report["agents"] if one["key"] == "600"]
    assert has(row, name=f"Name {calls - 1}")
    assert has(row["work"], handled=calls, talk_s=30 * calls)
    assert not [one for one in found.changes if isinstance(one, AgentLoggedOn | AgentLoggedOff)]


def agent_replaced_in_a_ring(day: Day, random: Random) -> None:
    """A leg belongs to the agent who was logged on when it was first seen (17)."""
    ring, swap, answer, end, again = moments(random, 5)
    day.new(ring)
    day.agents[0] |= agent(777)
    if random.random() < 0.5:
        day.status(swap, status=1)
    day.answer(answer)
    day.hangup(end)
    day.talk(again, again + 4, name="b")
    day.hangup(again + 14, name="b")
    found = day.outputs()

    assert has(found.leg("SIP0", "a"), agent_id="600")
    assert has(found.leg("SIP0", "b"), agent_id="777")
    assert has(found.work("600"), talk_s=end - answer, handled=1)
    assert has(found.work("777"), talk_s=10, handled=1)
