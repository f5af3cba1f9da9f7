"""Who works at an extension, and as what: independent of what its phone does (field guide §4, agent status)."""

from calltrack import changes
from calltrack.events import ExtensionInfo
from calltrack.ledger import Ledger
from calltrack.records import Extension
from calltrack.states import AGENT_STATUSES


def update(ledger: Ledger, before: Extension, info: ExtensionInfo, reason: str, *, first: bool) -> Extension:
    """The extension with the frame's agent, status and names; what the frame does not say stays as it was."""
    status = before.agent_status if info.representativeStatus is None else info.representativeStatus
    stamp = before.status_stamp if info.representativeUpdated is None else info.representativeUpdated
    agent_id, agent_name = _agent(before, info)
    status_name, status_since, agent_since = before.agent_status_name, before.agent_status_since, before.agent_since
    if status != before.agent_status:
        status_name = AGENT_STATUSES.get(status, "") if status is not None else ""
    if status != before.agent_status or stamp != before.status_stamp:
        status_since = ledger.utc_of_ms(stamp)
    if agent_id != before.agent_id and not first:
        agent_since = ledger.when
    after = Extension(
        before.exten_user,
        before.state,
        before.since,
        status,
        status_name,
        status_since,
        agent_id,
        agent_name,
        agent_since,
        info.userID or before.user_id,
        info.userName or before.user_name,
        info.number or before.number,
        info.accountID or before.account_id,
        before.unknown_since,
        before.unknown,
        stamp,
        before.legs,
    )
    if first:
        return after
    position, at, name = ledger.position, ledger.at, before.exten_user
    if agent_id != before.agent_id:
        if agent_id is None:
            ledger.out.append(changes.AgentLoggedOff(position, at, name, before.agent_id, before.agent_name))
        else:
            ledger.out.append(changes.AgentLoggedOn(position, at, name, agent_id, agent_name))
    if status != before.agent_status or (stamp != before.status_stamp and reason == "userStatusUpdate"):
        ledger.out.append(
            changes.AgentStatusChanged(
                position,
                at,
                name,
                before.agent_status,
                status,
                after.agent_status_name,
                after.agent_status_since,
                agent_name,
            )
        )
    return after


def _agent(before: Extension, info: ExtensionInfo) -> tuple[int | str | None, str]:
    """The id and name of who is logged on; onlineUserID first, 0 is nobody (doc)."""
    found = info.representative if info.onlineUserID is None else info.onlineUserID
    agent_id = before.agent_id if found is None else found
    if agent_id in (None, 0, "0", ""):
        return None, ""
    if agent_id != before.agent_id and str(agent_id) == str(
        before.agent_id
    ):  # now a number, now a string: the same person
        agent_id = before.agent_id
    name = info.summery.representative or "" if info.summery else before.agent_name
    return agent_id, name
