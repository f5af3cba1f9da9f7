"""Every kind of day, every way to disturb it, and what a seed of both gives."""

from collections.abc import Callable
from inspect import isfunction
from random import Random

from tests.kinds import calls, legs, order, waits
from tests.kinds.day import Day
from tests.kinds.disturbances import Disturbance, echoed, respelled, summer_time, without_some_offsets

KINDS: dict[str, Callable[[Day, Random], None]] = {
    name: kind
    for module in (order, legs, waits, calls)
    for name, kind in vars(module).items()
    if isfunction(kind) and kind.__module__ == module.__name__
}
MODES: dict[str, tuple[Disturbance, ...]] = {
    "plain": (),
    "echoed": (echoed,),
    "respelled": (respelled,),
    "without some offsets": (without_some_offsets,),
    "summer time": (summer_time,),
}
NOT_FOR = {
    "without some offsets": {"offset_follows_later"},
    "summer time": {
        *("wrong_stamp", "offset_follows_later", "no_offset_anywhere"),
        *("start_that_moves", "abandoned_and_answered"),  # a stamp of before the step in a frame behind it
    },
}
"""Kinds of which the clock is the subject, or whose stamps are not of the clock of their frame."""


def wrong(name: str, mode: str, seed: int) -> str:
    """What the tracker gets wrong; empty if nothing."""
    random = Random(f"{name} {seed}")
    try:
        KINDS[name](Day(random, *MODES[mode]), random)
    except AssertionError as error:
        return str(error) or "an assertion without a text"
    except Exception as error:  # of a query that finds no row, or of the tracker
        return repr(error)
    return ""
