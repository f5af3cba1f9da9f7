"""Who works at an extension, and as what: independent of what its phone does (field guide §4, rulings 17 and 18).

A status begins when the source says that it was set, if that is neither before the former one began nor after the
frame; else at the frame. Setting the same status again is a setting too. A phone without an agent has no status time.
"""

from __future__ import annotations

from calltrack.core.advance import Advance
from calltrack.core.changes import AgentLoggedOff, AgentLoggedOn, AgentRenamed, AgentStatusChanged, AgentStatusRevised
from calltrack.core.doubt import look
from calltrack.core.held import Held, HeldExtension
from calltrack.core.observations import ExtensionSeen, Id, Seconds
from calltrack.core.order import is_old_status
from calltrack.core.states import AGENT_STATUSES

_NO_AGENT = (0, "0", "")


def update(step: Advance, extension: HeldExtension, seen: ExtensionSeen) -> None:
    """Take a frame's agent, status and names; what the frame does not say stays as it was."""
    extension.last_call = call = seen.last_call_at or extension.last_call
    answered, hangup = seen.last_answered_at or extension.last_answered, seen.last_hangup_at or extension.last_hangup
    extension.last_answered = call if answered == call else answered  # mostly the same: one object for both
    extension.last_hangup = call if hangup == call else hangup
    extension.last_offset_s = step.held.clock.offset_s
    if (
        seen.agent_status_since == extension.status_stamp
        and seen.agent_status == extension.status
        and seen.agent_id == extension.agent_id
        and seen.agent_name == extension.agent_name
        and seen.user_name == extension.user_name
        and seen.user_id == extension.user_id
        and seen.number == extension.number
        and seen.account_id == extension.account_id
        and not extension.fresh
    ):
        return  # most frames say of the agent what the last one said
    if not extension.fresh and is_old_status(extension, seen, step.held.clock.stamped):
        return  # the frame is late, whatever else it reports (ruling 1)
    _describe(extension, seen, step.held)
    old_id, old_name, old_status = extension.agent_id, extension.agent_name, extension.status
    agent_id = old_id if seen.agent_id is None else None if seen.agent_id in _NO_AGENT else seen.agent_id
    if agent_id is not None and _same(agent_id, old_id):
        agent_id = old_id
    agent_name = seen.agent_name if seen.agent_name is not None else old_name if agent_id == old_id else ""
    extension.agent_id, extension.agent_name = agent_id, agent_name if agent_id is not None else ""
    if extension.user_id == agent_id:  # mostly the owner works there: one object for both
        extension.user_id = agent_id
    if extension.user_name == agent_name:
        extension.user_name = agent_name
    moved = agent_id != old_id
    set_anew = _take_status(step, extension, seen, moved=moved)
    if moved:
        extension.agent_since = extension.status_since
    if extension.fresh:
        return
    clock, out = step.held.clock, step.out
    position, at, name = step.held.position, step.at, extension.key
    since = clock.shown(extension.status_since)
    if moved and agent_id is not None:
        out.append(AgentLoggedOn(position, at, name, agent_id, agent_name, since))
    elif moved:
        out.append(AgentLoggedOff(position, at, name, old_id, old_name, since))
    elif agent_name != old_name and agent_id is not None:
        out.append(AgentRenamed(position, at, name, agent_id, agent_name))
    status = extension.status
    if set_anew:
        label = AGENT_STATUSES.get(status, "") if status is not None else ""
        out.append(AgentStatusChanged(position, at, name, old_status, status, label, since, extension.agent_name))
    for one in extension.live:
        look(step.held, one, step)


def _take_status(step: Advance, extension: HeldExtension, seen: ExtensionSeen, *, moved: bool) -> bool:
    """Take the status, and since when it is that; returns whether it was set, to another or to the same."""
    clock = step.held.clock
    old, old_stamp, before = extension.status, extension.status_stamp, extension.status_since
    status = old if seen.agent_status is None else seen.agent_status
    stamp = old_stamp if seen.agent_status_since is None else seen.agent_status_since
    set_anew = status != old or (stamp != old_stamp and extension.agent_id is not None)
    if not set_anew and not moved and not extension.fresh:
        return False
    since = clock.own(stamp)
    if (
        since is None
        or (before is not None and (since < before or stamp == old_stamp))
        or (clock.at is not None and since > clock.at)
    ):
        since = clock.stamped if before is None or clock.stamped is None else max(before, clock.stamped)
    extension.status, extension.status_stamp, extension.status_since = status, stamp, since
    if clock.ahead is not None:
        step.held.unbelieved_status.append(extension.key)
    return set_anew


def _describe(extension: HeldExtension, seen: ExtensionSeen, held: Held) -> None:
    """The names, numbers and accounts of the phone."""
    extension.user_id = extension.user_id if seen.user_id in (None, "") else seen.user_id
    extension.user_name = seen.user_name or extension.user_name
    extension.number = seen.number or extension.number
    if seen.account_id and not _same(seen.account_id, extension.account_id):
        extension.account_id = held.one(seen.account_id)
    top = seen.top_account_id or extension.top_account_id
    extension.top_account_id = extension.account_id if top == extension.account_id else top
    extension.peer_status = seen.peer_status or extension.peer_status


def _same(one: Id, other: Id) -> bool:
    """Whether two ids are of the same one: the stream has them as numbers and as strings."""
    return one == other or str(one) == str(other)


def move_times(step: Advance, after: Seconds, by: Seconds) -> None:
    """Statuses that an unbelieved stamp has dated after a moment are moved by as much; by 0 to that moment."""
    held = step.held
    for name in dict.fromkeys(held.unbelieved_status):  # each is moved once
        extension = held.extensions.get(name)
        since = None if extension is None else held.clock.moved(extension.status_since, after, by)
        if extension is None or since == extension.status_since:
            continue
        extension.status_since, extension.agent_since = since, held.clock.moved(extension.agent_since, after, by)
        extension.value = extension.kept = None
        shown = held.clock.shown(extension.status_since)
        step.out.append(AgentStatusRevised(held.position, step.at, name, extension.status, shown))
    held.unbelieved_status = []
