"""Simulated traffic has the shape of captured traffic.

CAPTURED was measured once, with `measure`, on 403 frames (108 minutes, nine extensions) of a real support
desk, 2023-11. A capture that small is a sample: the tolerances are about two of its standard errors.
What it has none of (click2call, transfers, ring groups, spying) is in other captures and in the simulation,
and takes a few hundredths from the shares of the rest.
"""

from collections import Counter, defaultdict
from statistics import median, quantiles

import pytest

from tests.simulate.frames import Json, frames

CAPTURED: dict[str, tuple[float, float]] = {
    # figure: (captured, tolerance)
    "extension and queue events per call": (4.02, 0.9),
    "extension events per queue event": (3.69, 0.8),
    "attempts that are another one of the same call": (0.170, 0.06),
    "incoming among attempts": (0.606, 0.10),
    "ringing among attempts": (0.330, 0.10),
    "picked up among attempts": (0.277, 0.10),
    "attempts with a hold": (0.096, 0.05),
    "holds of an attempt that has one": (1.78, 0.6),
    "events with two live calls": (0.107, 0.06),
    "NEWCALL among extension events": (0.278, 0.04),
    "ANSWER among extension events": (0.123, 0.04),
    "HOLD among extension events": (0.050, 0.025),
    "UNHOLD among extension events": (0.050, 0.025),
    "HANGUP among extension events": (0.281, 0.04),
    "userStatusUpdate among extension events": (0.218, 0.05),
    "EXIT among ends of a wait": (0.250, 0.13),
    "ANSWER among ends of a wait": (0.568, 0.15),
    "ABANDONED among ends of a wait": (0.182, 0.12),
    "Normal hangup among causes": (0.831, 0.08),
    "Call Rejected among causes": (0.056, 0.05),
    "Unallocated (unassigned) number among causes": (0.067, 0.05),
    "User busy among causes": (0.022, 0.03),
    "No user responding among causes": (0.011, 0.02),
    "Unknown among causes": (0.011, 0.02),
    "waiting calls in a list": (2.38, 1.0),
    "median wait, s": (303, 160),
    "median talk, s": (184, 60),
    "upper quartile of talk, s": (509, 150),
    "median unanswered ring, s": (15, 2),
    "median switch lag, s": (2, 0),
    "switch lags up to 7 s": (0.90, 0.06),
}


@pytest.fixture(scope="module")
def simulated() -> dict[str, float]:
    """The figures of fifty hours of a desk of the same size."""
    return measure(frames(50, seed=11))


@pytest.mark.parametrize("figure", CAPTURED)
def test_the_simulation_has_the_shape_of_the_capture(simulated: dict[str, float], figure: str) -> None:
    """Within the capture's own uncertainty."""
    captured, tolerance = CAPTURED[figure]
    assert simulated[figure] == pytest.approx(captured, abs=tolerance)


def test_another_seed_has_the_same_shape() -> None:
    """No figure hangs on one seed."""
    figures = measure(frames(50, seed=12))
    wrong = {f: figures[f] for f, (captured, far) in CAPTURED.items() if abs(figures[f] - captured) > 1.2 * far + 0.01}
    assert not wrong


def measure(stream: object) -> dict[str, float]:
    """The figures of a stream of (event, data)."""
    extension: list[Json] = []
    queue: list[Json] = []
    for event, data in stream:  # type: ignore[attr-defined]
        if event == "ExtensionEvent":
            extension.append(data)
        elif event == "QueueEvent":
            queue.append(data)
    return {**_extension_figures(extension, queue), **_queue_figures(queue)}


def _extension_figures(extension: list[Json], queue: list[Json]) -> dict[str, float]:
    attempts: dict[tuple[str, ...], list[tuple[Json, Json]]] = defaultdict(list)
    for body in extension:
        if call := body["data"].get("currentCall"):
            key = (body["data"]["extenUser"], call["ivrid"], call["direction"], str(call["callStarted"]))
            attempts[key].append((body, call))
    calls = {key[1] for key in attempts} | {body["ivruniqueid"] for body in queue}
    reasons = Counter(body["reason"] for body in extension)
    causes = Counter(body["cause"] for body in extension if body["reason"] == "HANGUP")
    first = [found[0][1] for found in attempts.values()]
    held = [sum(b["reason"] == "HOLD" for b, _ in found) for found in attempts.values()]
    lags = [b["servertime"] - b["telephonyservertime"] for b in extension if "telephonyservertime" in b]
    talks, rings = _durations(list(attempts.values()))
    size = len(attempts)
    return {
        "extension and queue events per call": (len(extension) + len(queue) - reasons["userStatusUpdate"]) / len(calls),
        "extension events per queue event": len(extension) / len(queue),
        "attempts that are another one of the same call": 1 - len({key[:3] for key in attempts}) / size,
        "incoming among attempts": sum(call["direction"] == "Incoming" for call in first) / size,
        "ringing among attempts": sum(call["callstatus"] == "Ringing" for call in first) / size,
        "picked up among attempts": sum(_picked_up(call) for call in first) / size,
        "attempts with a hold": sum(map(bool, held)) / size,
        "holds of an attempt that has one": sum(held) / sum(map(bool, held)),
        "events with two live calls": sum(len(b["data"]["calls"]) > 1 for b in extension) / len(extension),
        **{f"{reason} among extension events": n / len(extension) for reason, n in reasons.items()},
        **{f"{cause} among causes": n / causes.total() for cause, n in causes.items()},
        "median talk, s": median(talks),
        "upper quartile of talk, s": quantiles(talks)[2],
        "median unanswered ring, s": median(rings),
        "median switch lag, s": median(lags),
        "switch lags up to 7 s": sum(lag <= 7 for lag in lags) / len(lags),
    }


def _picked_up(call: Json) -> bool:
    return bool(call["direction"] == "Incoming" and call["callstatus"] == "Talking")


def _durations(attempts: list[list[tuple[Json, Json]]]) -> tuple[list[int], list[int]]:
    """Of the attempts that ended: talk from the answer, and ringing that no one answered."""
    last = [(body["servertime"], call) for *_, (body, call) in attempts if body["reason"] == "HANGUP"]
    talks = [at - call["callAnswered"] for at, call in last if call["callAnswered"]]
    return talks, [at - call["callStarted"] for at, call in last if call["callstatus"] == "Ringing"]


def _queue_figures(queue: list[Json]) -> dict[str, float]:
    joined: dict[str, int] = {}
    waits: list[int] = []
    for body in queue:
        if body["reason"] == "JOIN":
            joined[body["ivruniqueid"]] = body["servertime"]
        elif body["ivruniqueid"] in joined:
            waits.append(body["servertime"] - joined[body["ivruniqueid"]])
    ends = Counter(body["reason"] for body in queue if body["reason"] != "JOIN")
    return {
        **{f"{reason} among ends of a wait": n / ends.total() for reason, n in ends.items()},
        "waiting calls in a list": sum(len(body["data"]["Calls"]) for body in queue) / len(queue),
        "median wait, s": median(waits),
    }
