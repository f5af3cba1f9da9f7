"""Who works at an extension, and as what: independent of what its phone does (field guide §4, agent status)."""

from calltrack.core import changes
from calltrack.core.held import HeldExtension
from calltrack.core.ledger import Ledger
from calltrack.core.states import AGENT_STATUSES
from calltrack.voicenter.events import ExtensionInfo


def update(ledger: Ledger, held: HeldExtension, info: ExtensionInfo, reason: str, *, first: bool = False) -> None:
    """Take the frame's agent, status and names; what the frame does not say stays as it was."""
    summary = info.summery
    if (
        info.representativeUpdated == held.status_stamp
        and info.representativeStatus == held.agent_status
        and ((info.representative if info.onlineUserID is None else info.onlineUserID) or None) == held.agent_id
        and info.userID == held.user_id
        and info.userName == held.user_name
        and info.number == held.number
        and info.accountID == held.account_id
        and summary is not None
        and summary.representative == held.agent_name
    ):
        return  # most frames say of the agent what the last one said
    held.known = None
    old_status, old_stamp, old_id, old_name = held.agent_status, held.status_stamp, held.agent_id, held.agent_name
    status = old_status if info.representativeStatus is None else info.representativeStatus
    stamp = old_stamp if info.representativeUpdated is None else info.representativeUpdated
    agent_id, agent_name = held.agent_id, held.agent_name = _agent(held, info)
    if status != old_status:
        held.agent_status = status
        held.agent_status_name = AGENT_STATUSES.get(status, "") if status is not None else ""
    if status != old_status or stamp != old_stamp:
        held.status_stamp, held.agent_status_since = stamp, ledger.utc_of_ms(stamp)
    # Mostly the owner of the phone works there: one object for both saves 100 bytes for each extension.
    user_id, user_name = info.userID or held.user_id, info.userName or held.user_name
    held.user_id = agent_id if agent_id == user_id else user_id
    held.user_name = agent_name if agent_name == user_name else user_name
    held.number = info.number or held.number
    if info.accountID and not _same(info.accountID, held.account_id):
        if info.accountID != ledger.account_id:
            ledger.account_id = info.accountID
        held.account_id = ledger.account_id  # one object for all extensions of an account
    if first:
        return
    position, at, name = ledger.position, ledger.at, held.exten_user
    if agent_id != old_id:
        held.agent_since = ledger.when
        if agent_id is None:
            ledger.out.append(changes.AgentLoggedOff(position, at, name, old_id, old_name))
        else:
            ledger.out.append(changes.AgentLoggedOn(position, at, name, agent_id, agent_name))
    if status != old_status or (stamp != old_stamp and reason == "userStatusUpdate"):
        since = held.agent_status_since
        ledger.out.append(
            changes.AgentStatusChanged(
                position, at, name, old_status, status, held.agent_status_name, since, agent_name
            )
        )


def _agent(held: HeldExtension, info: ExtensionInfo) -> tuple[int | str | None, str]:
    """The id and name of who is logged on; onlineUserID first, 0 is nobody (doc)."""
    found = info.representative if info.onlineUserID is None else info.onlineUserID
    agent_id = held.agent_id if found is None else found
    if agent_id in (None, 0, "0", ""):
        return None, ""
    same = _same(agent_id, held.agent_id)
    name = info.summery.representative if info.summery is not None else None
    if name is None:
        name = held.agent_name if same else ""  # nobody else's
    return held.agent_id if same else agent_id, name


def _same(one: object, other: object) -> bool:
    """Whether two ids are of the same one: the stream has them as numbers and as strings."""
    return one == other or str(one) == str(other)
