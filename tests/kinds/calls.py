"""Calls that are more than a caller and an agent: §3, §4 and §7 of the field guide, and rulings 7, 9, 10 and 19."""

from random import Random
from typing import Any

from calltrack.testing.frames import START
from tests.kinds.day import Day, agent, in_any_order, moments
from tests.outputs import has


def internal_call(day: Day, random: Random) -> None:
    """One call, a leg at each of two agents; each of them talks, the call talks once (§4, 13)."""
    dial, answer, end = moments(random, 3)
    fields: dict[str, Any] = {"queueID": None, "isInternal": True}
    in_any_order(
        random,
        lambda: day.new(dial, 0, status="Dialing", **fields),
        lambda: day.new(dial, 1, **fields),
    )
    in_any_order(random, lambda: day.answer(answer), lambda: day.answer(answer, 1))
    in_any_order(random, lambda: day.hangup(end), lambda: day.hangup(end, 1))
    found = day.outputs()

    for phone in (0, 1):
        assert has(found.leg(f"SIP{phone}"), ring_s=answer - dial, talk_s=end - answer, unknown_s=0, ended_at=end)
        assert has(found.work(f"60{phone}"), talk_s=end - answer, not_answered=0, rang=phone)
    assert has(found.call(), legs=2, outcome="answered", talk_s=end - answer, started=dial, ended_at=end)
    assert (1, 1) == found.counted()


def spy(day: Day, random: Random) -> None:
    """Who listens has no conversation; the call that is listened to is as without (§4)."""
    ring, answer, listen, stop, end = moments(random, 5)
    name = random.choice(("a", "s"))
    day.talk(ring, answer)
    day.new(listen, 1, name, "Spying", queueID=None)
    day.calls[0]["a"] |= {"isSpyed": True}
    if random.random() < 0.5:
        day.status(listen)
    day.hangup(stop, 1, name)
    day.hangup(end)
    found = day.outputs()

    assert ["Spying"] == [leg.state.value for leg in found.at(listen).extension("SIP1").legs]  # type: ignore[union-attr]
    assert has(found.leg("SIP1"), talk_s=0, rang=False)
    assert has(found.leg("SIP0"), ring_s=answer - ring, talk_s=end - answer, ended_at=end)
    assert has(found.call("a"), answered=True, talk_s=end - answer, ended_at=end)
    assert has(found.work("600"), handled=1, talk_s=end - answer)
    for listener in [one["work"] for one in found.report["agents"] if one["key"] == "601"]:
        assert has(listener, talk_s=0, handled=0)


def redialed_within_a_second(day: Day, random: Random) -> None:
    """After a HANGUP a NEWCALL is a new attempt, though its `callStarted` is the same (§3)."""
    dial, answer, end = moments(random, 3)
    busy = random.randint(1, 4)
    for route in range(busy):
        day.new(dial, status="Dialing", queueID=None, channel2=f"SIP/trunk-{route}")
        day.hangup(dial, cause="User busy")
    day.talk(dial, answer, status="Dialing", queueID=None, channel2="SIP/trunk-9")
    day.hangup(end)
    found = day.outputs()

    *lost, last = sorted(found.legs(), key=lambda leg: bool(leg["answered"]))
    assert busy == len(lost)
    assert all(has(leg, outcome="busy", ring_s=0, started=dial, ended_at=dial) for leg in lost)
    assert has(last, ring_s=answer - dial, talk_s=end - answer, started=dial, ended_at=end, outcome="answered")
    assert has(found.call(), legs=busy + 1, outcome="answered", started=dial, ended_at=end, talk_s=end - answer)
    assert has(found.work("600"), talk_s=end - answer, rang=0, not_answered=0)


def transferred_before_the_consulted_answers(day: Day, random: Random) -> None:
    """A ring that ends because its caller was transferred away is not missed; the new call rings (7, 9)."""
    answer, hold, dial, transfer, again, end = moments(random, 6)
    inside: dict[str, Any] = {"queueID": None, "isInternal": True}
    gone: dict[str, Any] = {"cause": random.choice(("", "Normal hangup")), "dialStatus": "Transfer"}
    linked: dict[str, Any] = {"relatedIvrUniqueIDs": ["a", "b"], "transferExtensionName": "SIP0", "queueID": None}
    day.talk(0, answer)
    day.hold(hold)
    day.new(dial, 0, "b", "Dialing", **inside)
    day.new(dial, 1, "b", **inside)
    in_any_order(
        random,
        lambda: day.hangup(transfer, **gone),
        lambda: day.hangup(transfer, 0, "b", **gone),
        lambda: day.hangup(transfer, 1, "b", **gone),
    )
    day.talk(transfer, again, 1, "c", **linked)
    day.hangup(end, 1, "c")
    found = day.outputs()

    assert has(found.leg("SIP0", "a"), talk_s=hold - answer, hold_s=transfer - hold, outcome="transferred")
    assert has(found.leg("SIP1", "b"), ring_s=transfer - dial, answered=False, talk_s=0)
    assert has(found.leg("SIP1", "c"), ring_s=again - transfer, talk_s=end - again, rang=True, ended_at=end)
    assert has(found.work("601"), not_answered=0, handled=1, talk_s=end - again)


def merged(day: Day, random: Random) -> None:
    """A conference goes on under a new id at both agents: talk goes on, nothing rang, nothing is missed (7, 9)."""
    answer, hold, dial, consult, merge, end = moments(random, 6)
    inside: dict[str, Any] = {"queueID": None, "isInternal": True}
    gone: dict[str, Any] = {"cause": "", "dialStatus": "Transfer"}
    linked: dict[str, Any] = {"relatedIvrUniqueIDs": ["a", "b"], "transferExtensionName": "SIP0", "queueID": None}
    linked |= {"callStarted": START + dial, "callAnswered": START + consult, "answered": 1}
    day.talk(0, answer)
    day.hold(hold)
    day.new(dial, 0, "b", "Dialing", **inside)
    day.talk(dial, consult, 1, "b", **inside)
    day.answer(consult, 0, "b")
    in_any_order(
        random,
        lambda: day.hangup(merge, **gone),
        lambda: day.hangup(merge, 0, "b", **gone),
        lambda: day.hangup(merge, 1, "b", **gone),
        lambda: day.new(merge, 0, "c", "Talking", **linked),
        lambda: day.new(merge, 1, "c", "Talking", **linked),
    )
    in_any_order(random, lambda: day.hangup(end, 0, "c"), lambda: day.hangup(end, 1, "c"))
    found = day.outputs()

    for phone in (0, 1):
        assert has(found.leg(f"SIP{phone}", "c"), started=merge, rang=False, ring_s=0, talk_s=end - merge)
        assert has(found.leg(f"SIP{phone}", "b"), ended_at=merge, talk_s=merge - consult)
        assert has(found.work(f"60{phone}"), not_answered=0)
    assert has(found.leg("SIP0", "a"), hold_s=merge - hold, outcome="transferred")
    assert has(found.call("c"), answered=True, talk_s=end - merge, started=merge, ended_at=end)


def click2call_that_its_agent_rejects(day: Day, random: Random) -> None:
    """Leg 1 is never answered: no customer was called (§4)."""
    dial, end = moments(random, 2)
    day.new(dial, status="Dialing", direction="Click2call", c2cdirection=1, queueID=None)
    day.hangup(end, cause="Call Rejected")
    found = day.outputs()

    assert has(found.leg("SIP0"), answered=False, outcome="rejected", talk_s=0, started=dial, ended_at=end)
    assert has(found.call(), answered=False, talk_s=0, legs=1)
    assert (1, 0) == found.counted()


def forwarded(day: Day, random: Random) -> None:
    """`relatedIvrUniqueIDs` is a link, not by itself a transfer: stamps count as usual (§4)."""
    ring, forward, answer, end = moments(random, 4)
    day.new(ring)
    day.hangup(forward)
    day.new(forward, 1, "b", queueID=None, relatedIvrUniqueIDs=["a"])
    day.answer(answer, 1, "b")
    day.hangup(end, 1, "b")
    found = day.outputs()

    assert has(found.call("a"), answered=False, talk_s=0, ended_at=forward)
    assert has(found.leg("SIP0", "a"), outcome="not answered here", ring_s=forward - ring)
    assert has(found.leg("SIP1", "b"), started=forward, ring_s=answer - forward, talk_s=end - answer, rang=True)
    assert has(found.work("600"), rang=1, not_answered=1)
    assert has(found.work("601"), rang=1, handled=1, talk_s=end - answer)


def agent_with_two_phones(day: Day, random: Random) -> None:
    """A call rings at both phones of an agent, who answers one: taken, not missed (§3, 9)."""
    ring, answer, end, again, over = moments(random, 5)
    day.agents[1] |= agent(600)
    day.join(0)
    day.new(ring)
    day.new(ring, 1)
    phone = random.choice((0, 1))
    in_any_order(random, lambda: day.hangup(answer, 1 - phone), lambda: day.answer(answer, phone))
    day.leave(answer, "EXIT")
    day.hangup(end, phone)
    day.talk(again, again + 4, 1 - phone, "b")
    day.hangup(over + 4, 1 - phone, "b")
    found = day.outputs()

    assert has(found.leg(f"SIP{1 - phone}", "a"), outcome="answered elsewhere", agent_id="600")
    assert has(found.leg(f"SIP{phone}", "a"), talk_s=end - answer, agent_id="600")
    assert has(found.work("600"), handled=2, not_answered=0, talk_s=end - answer + over - again)
    assert has(found.stay(), rings=2, rounds=1, outcome="answered")


def two_accounts(day: Day, random: Random) -> None:
    """A caller who reached no agent is of the account of the queue's other calls, learned before or after (19)."""
    for phone in range(5, 10):
        day.agents[phone] |= {"accountID": 9200}
    day.list_all(0)

    def talks(at: int, phone: int, queue_id: int) -> None:
        name = f"talk {queue_id}"
        day.join(at, name, queue_id)
        day.talk(at + 1, at + 5, phone, name, queueID=queue_id)
        day.leave(at + 5, "EXIT", name, queue_id)
        day.hangup(at + 35, phone, name)

    def gives_up(at: int, queue_id: int) -> None:
        day.join(at, f"lost {queue_id}", queue_id)
        day.leave(at + 20, "ABANDONED", f"lost {queue_id}", queue_id)

    begins = iter(range(1, 400, 50))
    in_any_order(
        random,
        lambda: talks(next(begins), 0, 71),
        lambda: talks(next(begins), 5, 72),
        lambda: gives_up(next(begins), 71),
        lambda: gives_up(next(begins), 72),
    )
    found = day.outputs()

    accounts = {row["call_id"]: row["account_id"] for row in found.tables["calls"]}
    assert {"talk 71": "100", "lost 71": "100", "talk 72": "9200", "lost 72": "9200"} == accounts


def sent_back_to_the_menu(day: Day, random: Random) -> None:
    """HANGUP with dialStatus Recheck; the caller rings again under the same id: the same call (§4, 10)."""
    ring, answer, back, again, second, end = moments(random, 6)
    day.talk(ring, answer)
    day.hangup(back, cause="", dialStatus="Recheck")
    day.talk(again, second, 1)
    day.hangup(end, 1)
    found = day.outputs()

    talk = back - answer + end - second
    assert has(found.leg("SIP0"), talk_s=back - answer, ended_at=back, outcome="rechecked")
    assert has(found.leg("SIP1"), talk_s=end - second, ring_s=second - again)
    assert has(found.call(), legs=2, answered=True, talk_s=talk, started=ring, ended_at=end, answered_at=answer)
    assert (1, 1) == found.counted()


def dialer_and_recording(day: Day, random: Random) -> None:
    """A campaign's call keeps its id; its recording is paused and resumed, in any spelling (§7)."""
    dial, answer, pause, resume, end = moments(random, 5)
    file = {"Filename": "file", "IsMuted": random.choice((0, "0"))}
    campaign = random.choice((4711, "4711"))
    day.new(dial, status="Dialing", queueID=None, campaignID=campaign)
    day.answer(answer, recording=file)
    for at, muted in ((pause, (1, "1")), (resume, (0, "0"))):
        day.calls[0]["a"] |= {"recording": {"Filename": "file", "IsMuted": random.choice(muted)}}
        day.status(at)
    day.hangup(end)
    found = day.outputs()

    def muted_at(at: int) -> list[bool]:
        return [leg.recording.muted for call in found.at(at).calls for leg in call.legs if leg.recording]

    assert [[False], [True], [False]] == [muted_at(at) for at in (answer, pause, resume)]
    assert has(found.leg("SIP0"), talk_s=end - answer, ring_s=answer - dial)
    assert has(found.call(), campaign_id="4711", talk_s=end - answer, answered=True)
