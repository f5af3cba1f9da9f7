from __future__ import annotations

import re
from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest

from calltrack.core import changes as ch
from calltrack.core.records import Call, Campaign, Extension, Gap, Leg, Recording, Wait
from calltrack.core.states import Outcome, State
from calltrack.words.sentences import brief, what, where

LEG = Leg(
    "c1", "SIP1", 2, State.TALKING, "Incoming", 1000, 900, answered=True, ring_s=5, talk_s=60, caller="0501",
    doubtful="its agent logged out", recording=Recording("a.mp3", muted=True),
)  # fmt: skip
OVER = msgspec.structs.replace(LEG, state=State.HUNGUP, ended_at=1060, outcome=Outcome.ANSWERED, cause="Normal")
WAIT = Wait("55", "c1", "0501", "Dana", State.QUEUED, 900, doubtful="not confirmed for an hour")
GONE = msgspec.structs.replace(WAIT, left_at=930, wait_s=30, outcome=Outcome.ABANDONED)
CALL = Call("c1", State.HUNGUP, "Incoming", 1, "0501", "", "", 900, 900, attempts=2, outcome=Outcome.ANSWERED)
CAMPAIGN = Campaign("7", "Autumn", call_ids=("a", "b"), statistics={"pending_calls": 3})
SAID: list[tuple[ch.Change, str]] = [
    (ch.LegBlurred(1, 0, "c1", "SIP1", LEG), "state unknown"),
    (ch.LegCorrected(1, 0, "c1", "SIP1", LEG), "is Talking"),
    (ch.LegResumed(1, 0, "c1", "SIP1", LEG), "is Talking after all; its end is taken back"),
    (ch.LegRevised(1, 0, "c1", "SIP1", LEG), "is Talking since 1970-01-01 00:16:40Z, ring 0:05, talk 1:00"),
    (
        ch.LegRevised(1, 0, "c1", "SIP1", OVER),
        "ended at 1970-01-01 00:17:40Z: answered (Normal), ring 0:05, talk 1:00",
    ),
    (ch.LegDoubted(1, 0, "c1", "SIP1", LEG), "Talking, may be over: its agent logged out"),
    (ch.LegConfirmed(1, 0, "c1", "SIP1", LEG), "is Talking without doubt again"),
    (ch.RecordingChanged(1, 0, "c1", "SIP1", LEG), "a.mp3, muted"),
    (ch.CallResumed(1, 0, "c1"), "goes on under its id"),
    (ch.CallRevised(1, 0, "c1", CALL), "answered, 2 legs"),
    (ch.AgentRenamed(1, 0, "SIP1", 5, "Dana"), "Dana (5)"),
    (ch.AgentStatusRevised(1, 0, "SIP1", 3, 900), "3 since 1970-01-01 00:15:00Z"),
    (ch.WaitBlurred(1, 0, "55", "c1", WAIT), "whether it still waits is unknown"),
    (ch.WaitCorrected(1, 0, "55", "c1", WAIT), "waits, since 1970-01-01 00:15:00Z"),
    (ch.WaitResumed(1, 0, "55", "c1", WAIT), "waits after all; its end is taken back"),
    (ch.WaitRevised(1, 0, "55", "c1", WAIT), "waits since 1970-01-01 00:15:00Z"),
    (ch.WaitRevised(1, 0, "55", "c1", GONE), "abandoned after 0:30"),
    (ch.WaitDoubted(1, 0, "55", "c1", WAIT), "may not wait any more: not confirmed for an hour"),
    (ch.WaitConfirmed(1, 0, "55", "c1", WAIT), "waits without doubt again"),
    (ch.CampaignAppeared(1, 0, "7", CAMPAIGN), "Autumn; 2 calls; 3 pending calls"),
    (ch.CampaignChanged(1, 0, "7", CAMPAIGN), "Autumn; 2 calls; 3 pending calls"),
]
WORDLESS = {"ExtensionRemoved", "CampaignRemoved"}  # their names say it all


@pytest.mark.parametrize(("change", "said"), SAID, ids=lambda one: type(one).__name__)
def test_a_change_says(change: ch.Change, said: str) -> None:
    """In words, besides its kind."""
    assert said == what(change)


@pytest.mark.parametrize("change", [change for change, _ in SAID], ids=lambda one: type(one).__name__)
def test_every_time_in_it_is_on_the_asked_clock(change: ch.Change) -> None:
    assert not re.search(r"\dZ", what(change, timezone(timedelta(hours=2))))


def leaves(kind: type[ch.Change]) -> list[type[ch.Change]]:
    below = [one for one in kind.__subclasses__() if one.__module__ == ch.Change.__module__]
    return [leaf for one in below for leaf in leaves(one)] if below else [kind]


def test_every_change_has_words() -> None:
    """A new one cannot be forgotten: what a reader would see of it is more than its name."""
    some: dict[str, Any] = {
        "leg": LEG, "wait": WAIT, "call": CALL, "campaign": CAMPAIGN, "extension": Extension("SIP1"), "at": 0.0,
        "gap": Gap(0, 1, "why"), "related": ("c0",), "kind": ch.AnomalyKind.BAD_VALUE, "detail": "a value",
        "old": State.RINGING, "new": State.TALKING, "state": State.RINGING, "started": 0, "since": 0, "position": 1,
    }  # fmt: skip
    for kind in leaves(ch.Change):
        fields = [field.name for field in msgspec.structs.fields(kind) if field.required]
        change = kind(**{name: some.get(name, "x") for name in fields})
        assert bool(what(change)) is (kind.__name__ not in WORDLESS), kind.__name__
        assert brief(change, colour=False).startswith(kind.__name__)


def test_where_a_change_is() -> None:
    """The extension, else the queue, else the campaign."""
    assert "SIP1" == where(ch.LegBlurred(1, 0, "c1", "SIP1", LEG))
    assert "queue 55" == where(ch.WaitBlurred(1, 0, "55", "c1", WAIT))
    assert "campaign 7" == where(ch.CampaignRemoved(1, 0, "7"))
    assert "" == where(ch.CallResumed(1, 0, "c1"))
