"""Which held connection is it? `same_attempt` is the only rule of identity (ruling 5); everything here asks it.

A listed call, the call that an event is about, a late end and a call that comes back are all "one call at one device",
and each is one of the attempts held there, or a new one. `match` pairs a whole list with what is held, in as many steps
as the list is long, in any order: the exact keys of `same_attempt` are looked up, only what they do not settle is
compared one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from calltrack.core.clock import JITTER_S
from calltrack.core.held import Held, HeldCall, HeldConnection, HeldDevice
from calltrack.core.observations import ENDS, STARTS, Listed, Reported, Seconds

MOVED_S = 5  # by as much the stamp of one attempt has moved (seen: 2)


class Matched(Struct, gc=False):
    """A device's list beside what is held there."""

    held: list[HeldConnection]
    shown: list[Listed]  # what the list shows of each of `held`
    newcomers: list[Listed]
    leavers: list[HeldConnection]
    order: list[HeldConnection | Listed]  # as listed: what is held once newcomers are
    nameless: int = 0  # listed calls without an id

    def add(self, one: HeldConnection | None, call: Listed) -> None:
        """The next of the list: a connection that is held, a newcomer, or a call without an id."""
        if one is not None:
            self.held.append(one)
            self.shown.append(call)
            self.order.append(one)
        elif call.call_id:
            self.newcomers.append(call)
            self.order.append(call)
        else:
            self.nameless += 1


def same_attempt(held: HeldConnection, stamp: Seconds | None, c2c: int | None, alone: bool = False) -> bool:
    """Whether a call at this device is this attempt of it.

    Equal stamp and click2call leg; a side that lacks what would tell them apart may be either. alone: exactly one of
    the call is on both sides and no event starts or ends it, so it is that one, though its stamp has moved a little.
    """
    if c2c is not None and c2c != held.c2c and not (alone and not c2c):
        return False
    if not stamp or not held.stamp or stamp == held.stamp:
        return True
    return alone and -MOVED_S <= stamp - held.stamp <= MOVED_S


def is_brief(held: HeldConnection) -> bool:
    """Whether an attempt was over, unanswered, in the second in which it began: only then can another have its stamp.

    Each attempt has its own, but for a redial in that second (guide §3). Servers' clocks differ by seconds.
    """
    return not held.answered and held.ended is not None and held.ended - held.began <= JITTER_S


def outlived(held: HeldConnection, call: Listed) -> bool:
    """Whether a call was answered when this attempt, which was not, was reported to be over: it is a redial.

    A redial can fall into the second of the attempt before it (guide §3); if its NEWCALL is lost, its stamp is no
    other. Compared within one clock; several servers stamp the frames of one stream.
    """
    if (
        not held.end.reported
        or held.answered
        or held.c2c
        or held.ended is None
        or not call.started
        or not call.answered_at
    ):
        return False
    return call.answered_at - call.started > held.ended - held.began + JITTER_S


def is_about(reported: Reported, one: HeldConnection, listed: Listed | None = None) -> bool:
    """Whether an event is about this connection; of a live one its stamp may have moved.

    listed: the event's call in the list, for an event that has no more of it than its id.
    """
    if reported.call_id != one.call:
        return False
    call = reported.call or listed
    if call is None:
        return True
    return not outlived(one, call) and same_attempt(
        one, call.started, call.c2c, reported.kind is not STARTS and one.ended is None
    )


def is_same(one: HeldConnection, listed: Listed, reported: Reported) -> bool:
    """Whether the only call of a list is the only one that is held."""
    if listed.call_id != one.call:
        return False
    if listed.started == one.stamp and (listed.c2c is None or listed.c2c == one.c2c):  # nearly always
        return True
    own = reported.call_id == one.call and (reported.kind is STARTS or reported.kind is ENDS)
    return same_attempt(one, listed.started, listed.c2c, not own)


def may_be(reported: Reported, listed: Listed) -> bool:
    """Whether a listed call is the one that an event is about, for want of a field that says otherwise."""
    call = reported.call
    if reported.call_id != listed.call_id:
        return False
    if call is None:
        return True
    same = call.started == listed.started or not call.started or not listed.started
    return same and (call.c2c is None or call.c2c == listed.c2c)


def match(live: Sequence[HeldConnection], listed: Sequence[Listed], reported: Reported) -> Matched:
    """Pair a device's list with what is held there."""
    if not listed:
        return Matched([], [], [], list(live), [])
    calls = {one.call: one for one in live}
    if len(calls) == len(live) and len({call.call_id for call in listed}) == len(listed):
        return _match_single(calls, listed, reported)
    once = {(call.call_id, call.c2c, call.started or 0): call for call in listed}  # listed twice is one (ruling 5)
    rest = {(one.call, one.c2c, one.stamp): one for one in live}
    open_calls: list[tuple[str, int | None, Seconds]] = []
    places: dict[tuple[str, int | None, Seconds], HeldConnection] = {}
    for key in once:
        exact = rest.pop((key[0], key[1] or 0, key[2]), None)
        if exact is None:
            open_calls.append(key)
        else:
            places[key] = exact
    if rest and open_calls:
        _match_rest(rest, open_calls, places, reported)
    found = Matched([], [], [], list(rest.values()), [])
    for key, call in once.items():
        found.add(places.get(key), call)
    return found


def _match_single(calls: dict[str, HeldConnection], listed: Sequence[Listed], reported: Reported) -> Matched:
    """The same where no call is there twice, as nearly always: its id finds the one attempt that it may be."""
    found = Matched([], [], [], [], [])
    for call in listed:
        one = calls.get(call.call_id)
        if one is not None and is_same(one, call, reported):
            del calls[one.call]
        else:
            one = None
        found.add(one, call)
    found.leavers += calls.values()
    return found


def _match_rest(
    rest: dict[tuple[str, int, Seconds], HeldConnection],
    open_calls: list[tuple[str, int | None, Seconds]],
    places: dict[tuple[str, int | None, Seconds], HeldConnection],
    reported: Reported,
) -> None:
    """What no exact key settles: stamps that are missing or have moved, a click2call leg that is not said."""
    held: dict[str, list[HeldConnection]] = {}
    for one in rest.values():
        held.setdefault(one.call, []).append(one)
    times: dict[str, int] = {}
    for key in open_calls:
        times[key[0]] = times.get(key[0], 0) + 1
    for key in open_calls:
        name, c2c, stamp = key
        mine = held.get(name)
        if not mine:
            continue
        own = reported.call_id == name and (reported.kind is STARTS or reported.kind is ENDS)
        alone = len(mine) == 1 == times[name] and not own
        if len(mine) > 1 and stamp and mine[0].stamp:
            continue  # both say, and differ: many attempts of one call cost no more than few
        one = mine[0]
        if same_attempt(one, stamp, c2c, alone):
            places[key] = one
            del mine[0], rest[one.call, one.c2c, one.stamp]


def past(call: HeldCall, device: HeldDevice) -> list[HeldConnection]:
    """The attempts of a call at a device that have ended, youngest first; as far back as they are kept."""
    key, kind = device.key, device.holds
    return [one for one in reversed(call.past) if one.device == key and one.kind is kind]


def attempt_of(
    held: Held, device: HeldDevice, reported: Reported, listed: Sequence[Listed] | None = None
) -> HeldConnection | None:
    """The connection that an event is about: a live one, else the youngest that has ended; None if none is held."""
    entry = None
    if reported.call is None and reported.kind is STARTS:
        entry = next((call for call in listed or () if call.call_id == reported.call_id), None)
    call_id = reported.call_id
    said = reported.call or entry
    stamp = said.started if said is not None else None
    moved = None  # a live one whose stamp is another: only if none that has ended has this very stamp
    for one in device.live:
        if one.call == call_id and is_about(reported, one, entry):
            if not stamp or not one.stamp or one.stamp == stamp:
                return one
            moved = moved or one
    call = held.call(call_id)
    if call is not None and call.past:
        for one in past(call, device):
            if (moved is None or one.stamp == stamp) and is_about(reported, one, entry):
                return one
    return moved
