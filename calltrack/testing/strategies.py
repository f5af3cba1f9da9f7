"""Streams of frames for hypothesis: a small call centre that may lose, repeat and reorder what it says."""

from typing import Any

from hypothesis import strategies as st

from calltrack import Frame
from tests.frames import all_extensions, all_queues, call, extension, queue, stamp, waiting

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
def frames(draw: st.DrawFn, at: int = 0) -> Frame:
    """One frame of any tracked kind, lawful or not."""
    name = draw(st.sampled_from(NAMES))
    kind = draw(st.sampled_from(["extension"] * 6 + ["queue"] * 3 + ["all", "queues", "lost", "login", "mystery"]))
    if kind == "extension":
        reason = draw(st.sampled_from(["NEWCALL", "ANSWER", "HOLD", "UNHOLD", "HANGUP", "userStatusUpdate", "PARK"]))
        outside = {
            "cause": draw(st.sampled_from(CAUSES)),
            "dialStatus": draw(st.sampled_from(["", "Transfer", "Recheck"])),
        }
        if draw(st.booleans()):
            current = draw(calls())
            live = [current] if reason != "HANGUP" else []
            return extension(at, name, reason, current, live, outside=outside)
        return extension(at, name, reason, draw(st.none() | calls()), draw(lists(calls())), outside=outside)
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


@st.composite
def streams(draw: st.DrawFn, size: int = 25) -> list[Frame]:
    """A stream of frames, mostly in order of time."""
    at, found = 5, []
    for step in draw(st.lists(st.sampled_from([0, 1, 1, 2, 2, 5, 40, -3]), max_size=size)):
        at += step
        found.append(draw(frames(at)))
    return found


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
