"""Who works at an extension, and as what: independent of what its phone does (field guide §4, agent status)."""

from msgspec.structs import replace

from calltrack import changes
from calltrack.clock import Clock
from calltrack.events import ExtensionInfo, text
from calltrack.ledger import Ledger
from calltrack.records import Extension
from calltrack.states import AGENT_STATUSES


def update(ledger: Ledger, clock: Clock, before: Extension, info: ExtensionInfo, reason: str) -> Extension:
    """The extension with the frame's agent, status and names; what the frame does not say stays as it was."""
    status = before.agent_status if info.representativeStatus is None else info.representativeStatus
    stamp = before.status_stamp if info.representativeUpdated is None else info.representativeUpdated
    agent_id, agent_name = _agent(before, info)
    if (
        status == before.agent_status
        and stamp == before.status_stamp
        and agent_id == before.agent_id
        and agent_name == before.agent_name
        and (info.userName == before.user_name or info.userName is None)
    ):
        return before
    first = before.agent_status is None
    after = replace(
        before,
        agent_status=status,
        agent_status_name=AGENT_STATUSES.get(status, "") if status is not None else "",
        agent_status_since=clock.utc_of_ms(stamp),
        status_stamp=stamp,
        agent_id=agent_id,
        agent_name=agent_name,
        agent_since=before.agent_since if agent_id == before.agent_id or first else ledger.when,
        user_id=text(info.userID) or before.user_id,
        user_name=text(info.userName) or before.user_name,
        number=text(info.number) or before.number,
        account_id=text(info.accountID) or before.account_id,
    )
    if first:
        return after
    here = (ledger.position, ledger.at, before.exten_user, after)
    if agent_id != before.agent_id:
        kind = changes.AgentLoggedOn if agent_id else changes.AgentLoggedOff
        ledger.out.append(kind(*here))
    if status != before.agent_status or (stamp != before.status_stamp and reason == "userStatusUpdate"):
        ledger.out.append(changes.AgentStatusChanged(*here, old=before.agent_status))
    return after


def _agent(before: Extension, info: ExtensionInfo) -> tuple[str, str]:
    """The id and name of who is logged on; onlineUserID first, 0 is nobody (doc)."""
    found = info.representative if info.onlineUserID is None else info.onlineUserID
    agent_id = before.agent_id if found is None else text(found)
    if agent_id == "0":
        return "", ""
    name = text(info.summery.representative) if info.summery else before.agent_name
    return agent_id, name
