"""Dialer campaigns: each frame describes a campaign whole, so it replaces what was known (field guide §7)."""

from __future__ import annotations

from calltrack.core.advance import Advance
from calltrack.core.changes import AnomalyKind, CampaignAppeared, CampaignChanged, CampaignRemoved
from calltrack.core.observations import CampaignSeen
from calltrack.core.records import Campaign


def update(step: Advance, seen: CampaignSeen) -> None:
    """Take one campaign."""
    held = step.held
    if not seen.campaign_id:
        step.anomaly(AnomalyKind.MISSING_IDENTITY, "a campaign without an id")
        return
    campaign = Campaign(
        seen.campaign_id, seen.name, seen.kind, seen.kind_id, seen.code, seen.user_id, seen.account_id, seen.queue_id,
        seen.strategy, seen.call_ids, seen.statistics,
    )  # fmt: skip
    before = held.campaigns.get(seen.campaign_id)
    if campaign == before:
        return
    held.campaigns[seen.campaign_id] = campaign
    change = CampaignAppeared if before is None else CampaignChanged
    step.out.append(change(held.position, held.clock.reported_at, seen.campaign_id, campaign))


def update_all(step: Advance, seen: list[CampaignSeen]) -> None:
    """Take the list of all campaigns: what it lacks is no longer there."""
    held = step.held
    for one in seen:
        update(step, one)
    listed = {one.campaign_id for one in seen}
    for campaign_id in [known for known in held.campaigns if known not in listed]:
        del held.campaigns[campaign_id]
        step.out.append(CampaignRemoved(held.position, held.clock.reported_at, campaign_id))
