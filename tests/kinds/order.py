"""Order and clocks: rulings 1 to 4, and 11 where something never comes."""

from random import Random

from calltrack.testing.frames import START
from tests.kinds.day import Day, moments, spent
from tests.kinds.disturbances import OWN, stepped
from tests.outputs import TIMES, has

STATES = ("Ringing", "Dialing", "Talking", "Hold")
FAR = (3600, 3601, 5000, 86_400, 86_400 * 30, 86_400 * 400, -86_400, -18_000)


def frames_of_one_second(day: Day, random: Random) -> None:
    """Frames of different phones and queues within a second come in any order (1)."""
    ring, answer, end = moments(random, 3)
    day.join(0)
    day.new(ring)
    day.new(ring, 1)
    begin = len(day.items)
    day.answer(answer, 1)
    day.hangup(answer)
    day.leave(answer, "EXIT")
    day.status(answer, 5, 9)
    day.join(answer, "b", 72)
    second = day.items[begin:]
    random.shuffle(second)
    day.items[begin:] = second
    day.hangup(end, 1)
    day.leave(end, "ABANDONED", "b", 72)
    found = day.outputs()

    assert has(found.leg("SIP0"), outcome="answered elsewhere", ring_s=answer - ring)
    assert has(found.leg("SIP1"), ring_s=answer - ring, talk_s=end - answer)
    assert has(found.stay("a"), outcome="answered", wait_s=answer, rings=2)
    assert has(found.stay("b"), outcome="abandoned", wait_s=end - answer)


def wrong_stamp(day: Day, random: Random) -> None:
    """One frame is stamped far off; that moves nothing (2)."""
    day.talk(1, 5)
    day.status(10, 1, 3)
    day.join(11, "z")
    day.new(12, 2, "n")
    day.status(40, 5, 9)
    day.leave(60, "ABANDONED", "z")
    day.hangup(61, 2, "n")
    day.hangup(65)
    day.talk(70, 75, name="b")
    day.status(100, 3, 3)
    day.hangup(135, name="b")
    day.status(140, 6, 9)
    _, wrong = day.items[random.choice((5, 6, 7, 11, 13))]
    far = random.choice(FAR)
    wrong |= {name: wrong[name] + far for name in OWN}
    found = day.outputs()

    if wrong["reason"] != "HANGUP":
        assert has(found.call("a"), answered=True, ring_s=4, talk_s=60, hold_s=0, ended_at=65)
    assert has(found.call("b"), answered=True, ring_s=5, talk_s=60, ended_at=135, unknown_s=0)
    times = [row[name] for rows in found.tables.values() for row in rows for name in TIMES & set(row)]
    assert all(at is None or -600 <= at <= 140 for at in times), times


def offset_follows_later(day: Day, random: Random) -> None:
    """The clock steps by an hour, the offset some frames later: one step is reported, durations are right (2)."""
    day.talk(1, 5)
    day.talk(8, 15, 1, "b")
    begin, later = len(day.items), [15 + at for at in moments(random, 7, 60)]
    for phone, at in enumerate(later[:-1], 2):
        day.status(at, phone, 9)
    end = later[-1]
    day.hangup(end)
    day.talk(end + 5, end + 9, name="c")
    day.hangup(end + 30, 1, "b")
    day.hangup(end + 69, name="c")
    day.status(end + 100, 5, 1)
    follows = random.randint(0, 6)
    day.items = stepped(day.items, random.randint(begin, begin + 4), random.choice((3600, -3600)), follows)
    found = day.outputs()

    assert has(found.leg("SIP0", "a"), talk_s=end - 5, ring_s=4)
    assert has(found.leg("SIP1", "b"), talk_s=end + 15, ring_s=7)
    assert has(found.leg("SIP0", "c"), talk_s=60, ring_s=4)
    assert int(follows > 0) == found.anomalies()["clock_stepped"]
    assert 0 == found.anomalies()["wrong_stamp"]


def no_offset_anywhere(day: Day, random: Random) -> None:
    """Durations need no offset; times are unknown (3)."""
    join, ring, answer, hold, back, end = moments(random, 6)
    day.join(join)
    day.talk(ring, answer)
    day.leave(answer, "EXIT")
    day.hold(hold, back)
    day.hangup(end)
    for _, payload in day.items:
        payload.pop("servertimeoffset", None)
    found = day.outputs()

    unknown = {"started": None, "answered_at": None, "ended_at": None}
    talk = end - answer - (back - hold)
    assert has(found.leg("SIP0"), ring_s=answer - ring, talk_s=talk, hold_s=back - hold, **unknown)
    assert has(found.call(), answered=True, wait_s=answer - join, talk_s=talk, **unknown)
    assert has(found.stay(), joined_at=None, left_at=None, wait_s=answer - join)
    assert found.report["unplaced"] > 0


def given_up_and_back(day: Day, random: Random) -> None:
    """Lists lack a leg for up to 55 s and have it again; it has lost no time (4)."""
    state, gone = random.choice(STATES), random.randint(10, 30)
    back = gone + random.randint(0, 55)
    end = back + random.randint(1, 60)
    day.begin(state)
    lost = day.calls[0].pop("a")
    other = random.random() < 0.4
    if other:
        day.new(gone, name="b")
    else:
        random.choice((day.status, day.list_all))(gone)
    day.status((gone + back) // 2, 9)
    day.calls[0]["a"] = lost
    day.status(back)
    if other:
        day.hangup(back, name="b", cause="Call Rejected")
    day.hangup(end)
    found = day.outputs()

    assert has(found.leg("SIP0", "a"), started=1, ended_at=end, unknown_s=0, **spent(state, end))
    assert has(found.call("a"), ended_at=end, unknown_s=0, answered=state in ("Talking", "Hold"))


def ring_that_flaps(day: Day, random: Random) -> None:
    """Lists lack a ringing call again and again; one ring (4)."""
    *flaps, answer, end = moments(random, 2 * random.randint(1, 4) + 2, 5)
    day.new(1)
    ring = day.calls[0].copy()
    for number, at in enumerate(flaps):
        day.calls[0] = ring.copy() if number % 2 else {}
        day.status(at + 1)
    answered = random.random() < 0.7
    if answered:
        day.answer(answer + 1)
    day.hangup(end + 1)
    found = day.outputs()

    assert has(found.leg("SIP0"), started=1, ring_s=(answer if answered else end), ended_at=end + 1, unknown_s=0)
    assert has(found.work("600"), rang=1, answered=int(answered), not_answered=int(not answered))
    assert has(found.call(), legs=1, answered=answered)


def late_hangup(day: Day, random: Random) -> None:
    """A HANGUP comes up to 50 s after the list lacked its leg; its time and cause count (4)."""
    state, gone = random.choice(("Ringing", "Talking")), random.randint(20, 40)
    end, late = gone - random.randint(0, 8), gone + random.randint(0, 50)
    cause = "Normal hangup" if state == "Talking" else "User busy"
    day.begin(state)
    lost = day.calls[0].pop("a")
    if random.random() < 0.3:
        day.new(gone, name="b")
    else:
        random.choice((day.status, day.list_all))(gone)
    day.event(end, "HANGUP", 0, lost, sent=random.choice((late, end)), cause=cause)
    day.status(late + 1, 6, 3)
    found = day.outputs()

    expected = {"ended_at": end, "unknown_s": 0}
    assert has(found.leg("SIP0", "a"), cause=cause, inferred=None, **expected, **spent(state, end))
    assert has(found.call("a"), **expected)


def hangup_that_never_comes(day: Day, random: Random) -> None:
    """Known up to the last frame that listed the leg, unknown from there (11)."""
    state = random.choice(("Ringing", "Talking", "Hold"))
    day.begin(state)
    known = random.randint(12, 60)
    day.status(known, status=9)
    gone = known + random.randint(5, 300)
    day.status(known + 2, 5, 9)
    day.calls[0].clear()
    if random.random() < 0.5:
        day.status(gone, status=3)
    else:
        day.new(gone, name="b")
    day.status(gone + 100, 5, 1)

    assert has(day.outputs().leg("SIP0", "a"), ended_at=gone, unknown_s=gone - known, **spent(state, known))


def gap_in_a_talk(day: Day, random: Random) -> None:
    """A new login: unknown from the last frame before it; what does not come back was known till then (11)."""
    last = random.randint(10, 50)
    back = last + random.randint(5, 500)
    stays = random.random() < 0.5
    day.begin("Talking")
    day.status(last, 5, 9)
    if random.random() < 0.7:
        day.items.append(("disconnect", {"reason": "transport close"}))
    if not stays:
        day.calls[0].clear()
    day.login(back)
    if stays:
        day.hangup(back + 30)
    day.status(back + 35, 5, 1)
    leg = day.outputs().leg("SIP0", "a")

    assert has(leg, talk_s=last - 5 + 30 * stays, unknown_s=back - last, outcome="answered")


def first_seen_in_its_middle(day: Day, random: Random) -> None:
    """Its stamps say ring and talk; first seen on hold, what was before that frame is unknown (11)."""
    state, end = random.choice(("Ringing", "Talking", "Hold")), random.randint(20, 90)
    start = -random.randint(50, 500)
    answer = start + random.randint(3, 9)
    day.new(start, status=state)
    if state != "Ringing":
        day.calls[0]["a"] |= {"answered": 1, "callAnswered": START + answer}
    del day.items[2:]
    day.list_all(0)
    day.hangup(end)
    leg = day.outputs().leg("SIP0")

    assert has(leg, started=start, ended_at=end, ring_s=(end if state == "Ringing" else answer) - start)
    assert has(leg, talk_s=end - answer if state == "Talking" else 0, hold_s=end if state == "Hold" else 0)
    assert has(leg, unknown_s=-answer if state == "Hold" else 0)
