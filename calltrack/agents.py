"""Who works at an extension, and as what: independent of what its phone does (field guide §4, agent status)."""

from msgspec.structs import replace

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
    after = before
    if status != before.agent_status or stamp != before.status_stamp:
        after = replace(
            before,
            agent_status=status,
            agent_status_name=AGENT_STATUSES.get(status, "") if status is not None else "",
            agent_status_since=ledger.utc_of_ms(stamp),
            status_stamp=stamp,
        )
    told = (info.userID, info.userName, info.number, info.accountID)
    if (agent_id, agent_name, *told) != (
        *(before.agent_id, before.agent_name),
        *(before.user_id, before.user_name, before.number, before.account_id),
    ):
        after = replace(
            after,
            agent_id=agent_id,
            agent_name=agent_name,
            agent_since=before.agent_since if agent_id == before.agent_id or first else ledger.when,
            user_id=info.userID or before.user_id,
            user_name=info.userName or before.user_name,
            number=info.number or before.number,
            account_id=info.accountID or before.account_id,
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
    if str(agent_id) == str(before.agent_id):  # now a number, now a string: the same person
        agent_id = before.agent_id
    name = info.summery.representative if info.summery is not None else None
    return agent_id, before.agent_name if name is None else name
