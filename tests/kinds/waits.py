"""Waits, who took them, and what their calls come to: rulings 9, 10 and 13 to 16."""

from random import Random

from tests.kinds.day import Day, in_any_order, in_time, moments
from tests.outputs import has

LOSER_CAUSES = ("Answered elsewhere", "Normal hangup", "User alerting, no answer")


def rings_around_a_join(day: Day, random: Random) -> None:
    """JOIN comes among the NEWCALLs that it explains, or after them: one stay, one round (4, 14)."""
    join, queue_id, phones = random.randint(0, 6), random.choice((71, 72)), random.randint(1, 4)
    ring = join + random.randint(0, 1)
    answer = ring + random.randint(2, 9)
    exit_at = answer + random.randint(0, 3)
    end = exit_at + random.randint(5, 80)
    before = random.randint(0, phones)
    for phone in range(phones + 1):
        if phone == before:
            day.join(join, queue_id=queue_id, sent=ring)
        if phone < phones:
            day.new(ring, phone, queueID=queue_id)
    day.answer(answer)
    day.leave(exit_at, "EXIT", queue_id=queue_id)
    for phone in range(1, phones):
        day.hangup(answer + random.randint(0, 2), phone, cause=random.choice(LOSER_CAUSES))
    day.hangup(end)
    found = day.outputs()

    assert has(found.stay(queue_id=str(queue_id)), joined_at=join, left_at=exit_at, wait_s=exit_at - join)
    assert has(found.stay(), outcome="answered", rings=phones, rounds=1)
    assert has(found.call(), outcome="answered", talk_s=end - answer, wait_s=answer - join, started=join, ended_at=end)
    assert has(found.queue("waits", str(queue_id)), re_rings=0, rings=phones, most_rings=1, answered=1)
    for phone in range(1, phones):
        assert has(found.work(str(600 + phone)), answered_elsewhere=1, not_answered=0, rang=1)


def ring_all(day: Day, random: Random) -> None:
    """A queue rings many phones at once, round by round; who lost the last one missed nothing (9, 14)."""
    phones, rounds, join = random.randint(2, 10), random.randint(1, 3), random.randint(0, 3)
    winner, ring = random.randrange(phones), join + 1
    day.join(join)
    for number in range(rounds):
        starts = [ring, *sorted(ring + random.randint(0, 2) for _ in range(phones - 1))]
        for phone, at in enumerate(starts):
            day.new(at, phone)
        answer = ring + random.randint(5, 15)
        for phone in range(phones):
            if number < rounds - 1:
                day.hangup(answer, phone)
            elif phone != winner:
                day.hangup(answer - random.randint(0, 2), phone, cause=random.choice(LOSER_CAUSES))
        ring = answer + random.randint(3, 8)
    day.answer(answer, winner)
    day.leave(answer + 1, "EXIT")
    day.hangup(answer + 60, winner)
    found = day.outputs()

    assert has(found.queue("waits"), rings=phones * rounds, re_rings=rounds - 1, most_rings=rounds)
    assert has(found.stay(), rings=phones * rounds, rounds=rounds, wait_s=answer + 1 - join)
    assert has(found.call(), legs=phones * rounds, talk_s=60, wait_s=answer - join, ended_at=answer + 60)
    assert has(found.work(str(600 + winner)), rang=rounds, handled=1, answered=1, not_answered=rounds - 1)
    for phone in set(range(phones)) - {winner}:
        assert has(found.work(str(600 + phone)), rang=rounds, answered_elsewhere=1, not_answered=rounds - 1)


def picked_up(day: Day, random: Random) -> None:
    """NEWCALL of a pick-up, ANSWER of its queue, HANGUP of the phone that rang, in any order (4, 9, 13)."""
    pick = random.randint(5, 20)
    lost, queue_at, end = pick + random.randint(-2, 2), pick + random.randint(0, 3), pick + random.randint(20, 60)
    day.join(0)
    day.new(2)
    in_any_order(
        random,
        lambda: day.hangup(lost),
        lambda: day.new(pick, 1, status="Talking"),
        lambda: day.leave(queue_at, "ANSWER"),
    )
    day.hangup(end, 1)
    found = day.outputs()

    assert has(found.leg("SIP1"), picked_up=True, rang=False, answered_at=pick, talk_s=end - pick, answered=True)
    assert has(found.leg("SIP0"), outcome="answered elsewhere", cause="Normal hangup", ring_s=lost - 2)
    assert has(found.work("600"), answered_elsewhere=1, not_answered=0)
    assert has(found.work("601"), picked_up=1, handled=1, talk_s=end - pick)
    assert has(found.stay(), outcome="picked up", joined_at=0, left_at=queue_at, wait_s=queue_at)
    assert has(found.queue("waits"), picked_up=1, answered=1)
    assert has(found.call(), answered=True, picked_up=True, wait_s=pick, talk_s=end - pick, ended_at=end)


def rejected_as_a_colleague_answers(day: Day, random: Random) -> None:
    """A rejection was the agent's own act, whenever it comes (9)."""
    answer = random.randint(6, 20)
    rejected = answer + random.randint(-3, 2)
    day.join(0)
    day.new(1)
    day.new(1, 1)
    in_any_order(random, lambda: day.hangup(rejected, cause="Call Rejected"), lambda: day.answer(answer, 1))
    day.leave(answer + 1, "EXIT")
    day.hangup(answer + 30, 1)
    found = day.outputs()

    assert has(found.leg("SIP0"), outcome="rejected", ring_s=rejected - 1)
    assert has(found.work("600"), answered_elsewhere=0, handled=0)
    assert has(found.work("601"), handled=1, talk_s=30)


def taken_by_a_phone_that_is_not_monitored(day: Day, random: Random) -> None:
    """A ring that ends within 2 s of its queue's EXIT or ANSWER was answered elsewhere; earlier ones were not (9)."""
    taken = random.randint(8, 20)
    apart = random.choice((-5, -4, -3, -2, -1, 0, 1, 2))
    reason = random.choice(("EXIT", "ANSWER"))
    day.join(0)
    day.new(1)
    in_any_order(random, lambda: day.hangup(taken + apart), lambda: day.leave(taken, reason))
    day.status(taken + 60, 5, 9)
    found = day.outputs()

    elsewhere = abs(apart) <= 2
    assert has(found.leg("SIP0"), outcome="answered elsewhere" if elsewhere else "not answered here")
    assert has(found.work("600"), answered_elsewhere=int(elsewhere), not_answered=int(not elsewhere))
    assert has(found.call(), answered=True, outcome="answered", wait_s=taken)


def ring_without_a_queue(day: Day, random: Random) -> None:
    """Of two open waits a ring that names none is of the later one; a leg's queue is the last one (14, 17)."""
    second, ring, answer, end = moments(random, 4)
    first = random.choice((71, 72))
    day.join(0, queue_id=first)
    day.join(second, queue_id=143 - first)
    day.talk(ring, answer, queueID=None)
    for left in random.sample((71, 72), 2):
        day.leave(answer, "EXIT", queue_id=left)
    day.hangup(end)
    found = day.outputs()

    assert has(found.stay(queue_id=str(first)), rings=0, wait_s=answer)
    assert has(found.stay(queue_id=str(143 - first)), rings=1, wait_s=answer - second)
    assert has(found.leg("SIP0"), queue_id=str(143 - first))
    assert has(found.call(), wait_s=answer, talk_s=end - answer)


def answered_by_its_queue_alone(day: Day, random: Random) -> None:
    """Its agent's phone is not monitored: answered then, alive for 30 s, ended (10)."""
    at = random.randint(5, 20)
    day.join(0)
    day.leave(at, random.choice(("EXIT", "ANSWER")))
    for later in (10, 29, 60):
        day.status(at + later, later // 10, 9)
    found = day.outputs()

    assert ["a"] == [call.call_id for call in found.at(at + 10).calls]
    assert has(found.call(), answered=True, answered_at=at, wait_s=at, ended_at=at, talk_s=0)


def two_queues_at_once(day: Day, random: Random) -> None:
    """A caller in two queues waits once; a ring belongs to its queue (13, 14)."""
    second, ring, answer, end = moments(random, 4)
    queue_id = random.choice((71, 72))
    day.join(0)
    day.join(second, queue_id=72)
    day.talk(ring, answer, queueID=queue_id)
    for left in random.sample((71, 72), 2):
        day.leave(answer, "EXIT", queue_id=left)
    day.hangup(end)
    found = day.outputs()

    assert has(found.call(), wait_s=answer, talk_s=end - answer, started=0, ended_at=end)
    assert has(found.stay(queue_id="71"), wait_s=answer, rings=int(queue_id == 71))
    assert has(found.stay(queue_id="72"), wait_s=answer - second, rings=int(queue_id == 72))


def abandoned_and_answered(day: Day, random: Random) -> None:
    """ABANDONED within a second of an answer that leads to talk: answered, and a contradiction (15)."""
    answer, end = random.randint(8, 20), random.randint(30, 80)
    given_up, lag = answer + random.randint(-1, 1), random.choice((0, 0, 2))
    day.join(0)
    day.new(random.randint(1, 4))
    in_any_order(
        random,
        lambda: day.leave(given_up, "ABANDONED", sent=given_up + lag),
        lambda: day.answer(answer, sent=answer + lag),
    )
    day.hangup(end)
    found = day.outputs()

    assert has(found.call(), answered=True, outcome="answered", talk_s=end - answer, ended_at=end)
    assert has(found.stay(), outcome="answered", wait_s=given_up)
    assert has(found.queue("waits"), answered=1, abandoned=0)
    assert has(found.work("600"), handled=1, talk_s=end - answer, not_answered=0)
    assert 1 == found.anomalies()["contradiction"]


def answered_after_its_caller_gave_up(day: Day, random: Random) -> None:
    """The stay stays abandoned; call and leg are answered, and a contradiction (15)."""
    given_up = random.randint(2, 6)
    ring = max(1, given_up + random.randint(-1, 3))
    answer = max(ring + 1, given_up + 2) + random.randint(0, 6)
    end = answer + random.randint(3, 30)
    day.join(0)
    in_time((given_up, lambda: day.leave(given_up, "ABANDONED")), (ring, lambda: day.new(ring)))
    day.answer(answer)
    day.hangup(end)
    found = day.outputs()

    assert has(found.call(), answered=True, outcome="answered", talk_s=end - answer, ended_at=end)
    assert has(found.work("600"), rang=1, handled=1, not_answered=0, talk_s=end - answer)
    assert has(found.stay(), outcome="abandoned", wait_s=given_up)
    assert found.anomalies()["contradiction"]


def exit_that_is_lost(day: Day, random: Random) -> None:
    """The next JOIN's list lacks the caller: the stay ended at the first answer that was seen (16)."""
    ring, answer, end = moments(random, 3, 40)
    join = random.randint(answer + 1, end + 40)
    day.join(0)
    if random.random() < 0.3:
        day.new(answer, status="Talking")
    else:
        day.talk(ring, answer)
    day.waiting[71].clear()
    in_time((join, lambda: day.join(join, "b")), (end, lambda: day.hangup(end)))
    day.leave(max(join, end) + 20, "ABANDONED", "b")
    found = day.outputs()

    assert has(found.stay("a"), outcome="answered", joined_at=0, left_at=answer, wait_s=answer)
    assert has(found.call("a"), outcome="answered", wait_s=answer, talk_s=end - answer, ended_at=end)
    assert has(found.stay("b"), outcome="abandoned", wait_s=max(join, end) + 20 - join)
    assert has(found.queue("waits"), answered=1, abandoned=1, lost=0)
