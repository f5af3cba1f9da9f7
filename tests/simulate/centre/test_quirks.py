"""What captures have and an orderly day lacks appears in the captured shape, with the truth beside it."""

from collections import Counter, defaultdict

from calltrack.simulate import End, Plan
from tests.simulate.frames import START, Heard, Json, legs, stream


def _ends(heard: list[Heard]) -> dict[tuple[str, str | int | None, int | None], End]:
    """Of legs, by call, extension and callStarted (UTC)."""
    return {(e.call, e.where, e.started): e for each in heard for e in each.truth.ends if e.what == "leg"}


def test_a_transfers_far_end_repeats_the_stamps_of_the_consultation() -> None:
    """Field guide §8, ruling 7: NEWCALL[Talking, answered 1]; the truth says when it began."""
    heard = stream(10, agents=40, transfers=1.0, repeated_stamps=1.0)
    ends, consulted, far_ends = _ends(heard), dict[str, set[tuple[int, int]]](), list[End]()
    for each, exten, call in legs(heard):
        if each.body.get("dialStatus") == "Transfer":
            consulted.setdefault(exten, set()).add((call["callStarted"], call["callAnswered"]))
        elif each.body["reason"] == "NEWCALL" and "transferExtensionName" in call:
            assert (call["callstatus"], call["answered"]) == ("Talking", 1)
            assert (call["callStarted"], call["callAnswered"]) in consulted[exten]
            assert each.body["telephonyservertime"] >= call["callAnswered"]
            if end := ends.get((call["ivrid"], exten, call["callStarted"] - 7200)):
                assert end.began == end.answered == each.body["telephonyservertime"] - 7200
                assert end.began > end.started  # type: ignore[operator]
                far_ends.append(end)
    assert len(far_ends) > 5


def test_a_ring_may_show_talking_and_answered_0_while_the_caller_still_waits() -> None:
    """Ruling 8: NEWCALL[Ringing] UNHOLD[Talking, answered 0] HANGUP, and it rings again."""
    heard = stream(10, agents=20, false_answers=0.3)
    ends, rang, fakes, waiting = _ends(heard), set[tuple[str, str, int]](), 0, dict[int, list[str]]()
    fake: dict[tuple[str, str, int], str] = {}
    for each in heard:
        if each.event == "QueueEvent":
            waiting[each.body["data"]["QueueID"]] = [call["ivrid"] for call in each.body["data"]["Calls"]]
        for _, exten, call in legs([each]):
            key = (call["ivrid"], exten, call["callStarted"])
            if each.body["reason"] == "NEWCALL" and call["callstatus"] == "Ringing":
                rang.add(key)
            elif each.body["reason"] == "UNHOLD" and not call["answered"]:
                shape = (call["callstatus"], call["callAnswered"], call["blcServerID"])
                assert shape == ("Talking", 0, 239)
                assert key in rang
                assert call["ivrid"] in waiting[call["queueID"]]
                fake[key] = call["ivrid"]
            elif each.body["reason"] == "HANGUP" and key in fake:
                assert (call["callstatus"], call["answered"], call["callAnswered"]) == ("Talking", 0, 0)
                end = ends[key[0], key[1], key[2] - 7200]
                assert (end.outcome, end.answered) == (_outcome(each), 0)
                fakes += end.outcome == "unanswered"
    assert fakes > 5


def _outcome(each: Heard) -> str:
    return "elsewhere" if each.body["cause"] == "Answered elsewhere" else "unanswered"


def test_a_hangup_may_come_after_a_list_that_lacks_its_leg() -> None:
    """Ruling 4: within a minute, and sometimes later; the truth has the end where the list shows it."""
    heard = stream(12, agents=40, late_hangups=0.3)
    listed: dict[str, set[tuple[str, int]]] = defaultdict(set)
    ended: dict[tuple[str, str], float] = {}
    delays = []
    for each in heard:
        if each.event == "AllExtensionsStatus":
            for known in each.body["extensions"]:
                listed[known["extenUser"]] = {(c["ivrid"], c["callStarted"]) for c in known["calls"]}
        if each.event != "ExtensionEvent":
            continue
        data, reason = each.body["data"], each.body["reason"]
        call = data.get("currentCall")
        if reason == "HANGUP" and call:
            key = (call["ivrid"], call["callStarted"])
            if key not in listed[data["extenUser"]] and each.at > START + 90:
                at = ended[call["ivrid"], data["extenUser"]]
                assert not [end for end in each.truth.ends if end.what == "leg"]
                assert call["callstatus"] in ("Talking", "Hold")
                assert each.body["telephonyservertime"] - 7200 <= at
                delays.append(each.at - at)
        if reason == "userStatusUpdate":
            ended |= {(e.call, str(e.where)): each.at for e in each.truth.ends if e.what == "leg"}
        listed[data["extenUser"]] = {(c["ivrid"], c["callStarted"]) for c in data["calls"]}
    assert min(delays) < 5 < 60 < max(delays) < 90
    assert len(delays) > 20


def test_a_colleague_picks_a_ringing_call_up_in_the_same_second() -> None:
    """Ruling 9: "Normal hangup" of the ring, NEWCALL[Talking, 0] and the queue's ANSWER, in any order."""
    heard = stream(10, agents=20, snatches=0.5)
    picks = {c["ivrid"]: (x, c["callStarted"]) for each, x, c in legs(heard) if _picked_up(each, c)}
    ends, orders = _ends(heard), Counter[str]()
    for n, (each, exten, call) in enumerate(found := list(legs(heard))):
        if each.body["reason"] != "HANGUP" or call["callstatus"] != "Ringing" or call["ivrid"] not in picks:
            continue
        end = ends[call["ivrid"], exten, call["callStarted"] - 7200]
        if each.body["cause"] == "Normal hangup" and end.outcome == "elsewhere":
            picker, moment = picks[call["ivrid"]]
            assert (each.body["telephonyservertime"], picker != exten) == (moment, True)
            before = any(c["ivrid"] == call["ivrid"] and _picked_up(e, c) for e, _, c in found[max(0, n - 40) : n])
            orders["NEWCALL first" if before else "HANGUP first"] += 1
    assert min(orders["NEWCALL first"], orders["HANGUP first"]) > 3


def _picked_up(each: Heard, call: Json) -> bool:
    return (each.body["reason"], call["callstatus"], call["answered"]) == ("NEWCALL", "Talking", 0)


def test_a_queue_may_ring_every_free_desk_at_once() -> None:
    """Ring-all: its losers end "Answered elsewhere" before the winner's ANSWER."""
    heard = stream(3, agents=30, ring_all=1, arrivals=1.0)
    rounds: Counter[tuple[str, float]] = Counter()
    elsewhere: Counter[str] = Counter()
    for each, _, call in legs(heard):
        if each.body["reason"] == "NEWCALL" and call["callstatus"] == "Ringing" and call.get("queueID") == 5001:
            rounds[call["ivrid"], each.at] += 1
        elsewhere[call["ivrid"]] += each.body.get("cause") == "Answered elsewhere"
    assert max(rounds.values()) > 10
    assert max(elsewhere.values()) > 9


def test_an_agent_pauses_the_recording_in_mid_call_and_resumes_it() -> None:
    """Field guide §7: IsMuted flips without an event of its own, in the next list; the truth knows it."""
    seen: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for each in stream(8, agents=20, mutes=0.5):
        if each.event != "ExtensionEvent":
            continue
        data = each.body["data"]
        muted = [int(call["recording"]["IsMuted"]) for call in data["calls"]]
        assert muted == [int(leg.muted) for leg in each.truth.legs[data["extenUser"]]]
        for call, flag in zip(data["calls"], muted, strict=True):
            found = seen[call["ivrid"], data["extenUser"], call["callStarted"]]
            if found[-1:] != [flag]:
                found.append(flag)
    flips = Counter(tuple(found) for found in seen.values())
    assert flips[0, 1, 0] > 5
    assert set(flips) <= {(0,), (1,), (0, 1), (1, 0), (0, 1, 0), (0, 1, 0, 1), (0, 1, 0, 1, 0)}


def test_a_caller_who_is_sent_to_another_queue_waits_there_under_a_new_ivrid() -> None:
    """Field guide §7: the waiting call's customdata names the old ivrid."""
    transferred, moved = set[str](), 0
    for each in stream(6, agents=20, requeues=0.5, release=1):
        if each.body.get("dialStatus") == "Transfer":
            transferred.add(each.body["ivruniqueid"])
        if each.event == "QueueEvent" and each.body["reason"] == "JOIN":
            (call,) = [c for c in each.body["data"]["Calls"] if c["ivrid"] == each.body["ivruniqueid"]]
            if call["customdata"] and "OriginalIvrUniqueID" in call["customdata"]:
                assert call["customdata"]["OriginalIvrUniqueID"] in transferred - {call["ivrid"]}
                moved += 1
    assert moved > 5


def test_an_outcome_is_true_whatever_the_cause_says() -> None:
    """Every leg's end says whether it was answered, and when."""
    outcomes: Counter[str] = Counter()
    for each in stream(6, seed=5, **_settings(Plan(agents=30).as_captured())):
        for end in each.truth.ends:
            if end.what == "leg":
                outcomes[end.outcome] += 1
                assert (end.outcome == "answered") == (end.answered > 0)
                assert end.began > 0
    assert set(outcomes) == {"answered", "elsewhere", "rejected", "unanswered"}


def _settings(plan: Plan) -> Json:
    return {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
