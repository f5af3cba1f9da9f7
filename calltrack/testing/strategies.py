"""Streams of frames for hypothesis: a small call centre that may lose, repeat and reorder what it says."""

from typing import Any

from hypothesis import strategies as st

from calltrack.testing.frames import (
    OFFSET_MIN,
    START,
    all_extensions,
    all_queues,
    call,
    extension,
    queue,
    stamp,
    waiting,
)
from calltrack.voicenter.frames import Frame

NAMES = ("A", "B", "C")
STATUSES = ("Ringing", "Dialing", "Talking", "Hold", "Spying", "hold", "Parked")
CAUSES = ("Normal hangup", "Answered elsewhere", "Call Rejected", "User busy", "Unknown", "")


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """A call in any state, of a few ids and stamps so that they meet again."""
    started = draw(st.integers(0, 4))
    more: list[dict[str, Any]] = [{}, {}, {}, {"c2cdirection": "1"}, {"c2cdirection": 2}, {"queueID": 55}]
    return call(
        draw(st.sampled_from("123")),
        draw(st.sampled_from(STATUSES)),
        started,
        draw(st.sampled_from([0, 0, started + 1])),
        **draw(st.sampled_from(more)),
    )


def lists(elements: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A list as a server sends it: no call twice."""
    return st.lists(
        elements, max_size=3, unique_by=lambda one: (one["ivrid"], one.get("callStarted"), one.get("c2cdirection"))
    )


@st.composite
def agents(draw: st.DrawFn) -> dict[str, Any]:
    """What a frame says of the agent: mostly the usual, sometimes another person, status or name."""
    return draw(
        st.sampled_from(
            [
                *[{}] * 5,
                {"onlineUserID": 0},
                {"onlineUserID": 8, "representative": 8, "summery": {"representative": "Lois Lane"}},
                {"representativeStatus": 3, "representativeUpdated": (START + 1) * 1000},
                {"representativeStatus": 4},
                {"userID": 9},
                {"userName": "Bruce Wayne", "number": "1002", "summery": {"representative": "Bruce Wayne"}},
            ]
        )
    )


@st.composite
def frames(draw: st.DrawFn, at: int = 0) -> Frame:
    """One frame of any tracked kind, lawful or not, of a second after the start."""
    name = draw(st.sampled_from(NAMES))
    kind = draw(st.sampled_from(["extension"] * 6 + ["queue"] * 3 + ["all", "queues", "lost", "login", "mystery"]))
    if kind == "extension":
        reason = draw(st.sampled_from(["NEWCALL", "ANSWER", "HOLD", "UNHOLD", "HANGUP", "userStatusUpdate", "PARK"]))
        times: list[dict[str, Any]] = [
            *[{}] * 7,
            {"servertime": None},
            {"servertimeoffset": None},
            {"servertimeoffset": OFFSET_MIN + 60, "servertime": START + at + 3600},
            {"telephonyservertime": START + at - 2},
        ]
        outside = {
            "cause": draw(st.sampled_from(CAUSES)),
            "dialStatus": draw(st.sampled_from(["", "Transfer", "Recheck"])),
            **draw(st.sampled_from(times)),
        }
        agent = draw(agents())
        if draw(st.booleans()):
            current = draw(calls())
            live = [current] if reason != "HANGUP" else []
            return extension(at, name, reason, current, live, outside=outside, **agent)
        return extension(at, name, reason, draw(st.none() | calls()), draw(lists(calls())), outside=outside, **agent)
    waits = draw(lists(st.builds(waiting, st.sampled_from("123"), st.integers(0, 2))))
    waits = list({one["ivrid"]: one for one in waits}.values())
    if kind == "queue":
        reason = draw(st.sampled_from(["JOIN", "EXIT", "ANSWER", "ABANDONED"]))
        return queue(at, reason, draw(st.sampled_from("123")), waits)
    if kind == "all":
        return all_extensions(at, **{one: draw(lists(calls())) for one in draw(st.sets(st.sampled_from(NAMES)))})
    if kind == "queues":
        return all_queues(at, waits)
    if kind == "lost":
        return Frame.of("disconnect", {"reason": "transport close"})
    return Frame.of("loginSuccess" if kind == "login" else "mystery", stamp(at))


_NEXT = {
    "Ringing": {"ANSWER": "Talking", "HANGUP": "Ringing"},
    "Dialing": {"ANSWER": "Talking", "HANGUP": "Dialing"},
    "Talking": {"HOLD": "Hold", "HANGUP": "Talking"},
    "Hold": {"UNHOLD": "Talking", "HANGUP": "Hold"},
}


def _lawful(draw: st.DrawFn, at: int, live: dict[str, list[dict[str, Any]]]) -> Frame:
    """What happens next at some extension of a call centre in which these calls live; now and then it cannot be."""
    name = draw(st.sampled_from(NAMES))
    calls = live.setdefault(name, [])
    if not calls or draw(st.integers(0, 5)) == 0:
        current = call(draw(st.sampled_from("123")), draw(st.sampled_from(["Ringing", "Dialing"])), at)
        calls.append(current)
        return extension(at, name, "NEWCALL", current, list(calls))
    before = draw(st.sampled_from(calls))
    reason, status = draw(st.sampled_from(sorted(_NEXT.get(before["callstatus"], _NEXT["Hold"]).items())))
    if draw(st.integers(0, 9)) == 0:
        status = draw(st.sampled_from(STATUSES))
    current = {**before, "callstatus": status}
    if reason == "ANSWER":
        current |= {"answered": 1, "callAnswered": START + at}
    place = calls.index(before)
    calls[place : place + 1] = [] if reason == "HANGUP" else [current]
    return extension(at, name, reason, current, list(calls))


@st.composite
def streams(draw: st.DrawFn, size: int = 25) -> list[Frame]:
    """A stream of up to `size` frames: some lawful, some not, some doubled, late or lost."""
    at, found, live = 5, list[Frame](), dict[str, list[dict[str, Any]]]()
    kinds = st.sampled_from(["lawful"] * 7 + ["any"] * 3 + ["again", "lost"])
    length = draw(st.integers(0, size))  # else most streams would have five frames, and no call a life
    for kind in draw(st.lists(kinds, min_size=length, max_size=length)):
        at += draw(st.sampled_from([0, 1, 1, 2, 2, 5, 40, -3]))
        if kind == "any":
            found.append(draw(frames(at)))
        elif kind == "again" and found:
            found.append(draw(st.sampled_from(found)))
        else:
            frame = _lawful(draw, at, live)
            found += [frame] if kind == "lawful" else []
    return found


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
