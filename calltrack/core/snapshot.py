"""An immutable value of everything a tracker knows: to query, print, store, compare, and to go on from."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from calltrack.core.errors import NotASnapshot, OtherFormat
from calltrack.core.keep import Resume
from calltrack.core.records import Call, Campaign, Extension, Gap, Leg, Queue, Record, Seconds, Wait
from calltrack.core.states import State

FORMAT = 8
"""Of a snapshot's JSON: another number whenever what it is made of changes (tests/core/test_snapshot.py)."""


class Counters(Struct, frozen=True):
    """What was counted since the stream began, by name; `duplicates` are echoes of earlier frames."""

    duplicates: int = 0
    events: dict[str, int] = {}
    changes: dict[str, int] = {}
    anomalies: dict[str, int] = {}
    unknown_events: dict[str, int] = {}


class Snapshot(Record, frozen=True):
    """The state after `position` frames, at server time `time` (UTC epoch s, None if unknown).

    `calls` live, `ended` is the bounded history of ended ones, oldest first. The queries read like English:
    `snapshot.calls_at("SIP1")`, `snapshot.extensions_that_are(State.TALKING)`, `snapshot.longest_wait("5001")`.
    """

    position: int
    time: Seconds | None
    calls: tuple[Call, ...]
    extensions: tuple[Extension, ...]
    queues: tuple[Queue, ...]
    ended: tuple[Call, ...]
    campaigns: tuple[Campaign, ...]
    gaps: tuple[Gap, ...]
    counters: Counters
    resume: Resume
    format: int = FORMAT

    def call(self, call_id: str) -> Call | None:
        """The call with this id, live or still in the history."""
        return next((call for call in (*self.calls, *self.ended) if call.call_id == call_id), None)

    def extension(self, exten_user: str) -> Extension | None:
        """The extension with this SIP name."""
        return next((known for known in self.extensions if known.exten_user == exten_user), None)

    def queue(self, queue_id: str | int) -> Queue | None:
        """The queue with this id."""
        return next((known for known in self.queues if known.queue_id == str(queue_id)), None)

    def campaign(self, campaign_id: str | int) -> Campaign | None:
        """The dialer campaign with this id."""
        return next((known for known in self.campaigns if known.campaign_id == str(campaign_id)), None)

    def doubtful(self) -> tuple[Leg | Wait, ...]:
        """Live legs and waits that may be over; each says why (ruling 12)."""
        legs = [leg for known in self.extensions for leg in known.legs if leg.doubtful]
        return (*legs, *[wait for queue in self.queues for wait in queue.waiting if wait.doubtful])

    def calls_that_are(self, *states: State | str) -> tuple[Call, ...]:
        """Live calls in one of these states."""
        return tuple(call for call in self.calls if call.state in states)

    def calls_at(self, exten_user: str) -> tuple[Call, ...]:
        """Live calls with a live leg at this extension."""
        return tuple(call for call in self.calls if any(leg.exten_user == exten_user for leg in call.legs))

    def calls_from(self, caller: str) -> tuple[Call, ...]:
        """Live calls with this phone number at the far end."""
        return tuple(call for call in self.calls if call.caller == caller)

    def extensions_that_are(self, *states: State | str) -> tuple[Extension, ...]:
        """Extensions in one of these states."""
        return tuple(known for known in self.extensions if known.state in states)

    def agents_that_are(self, *statuses: int) -> tuple[Extension, ...]:
        """Extensions whose agent has one of these statuses (numbers: calltrack.core.states.AGENT_STATUSES)."""
        return tuple(known for known in self.extensions if known.agent_status in statuses)

    def waiting_in(self, queue_id: str | int) -> tuple[Wait, ...]:
        """Who waits in this queue, in the server's order."""
        queue = self.queue(queue_id)
        return queue.waiting if queue else ()

    def longest_wait(self, queue_id: str | int) -> Seconds | None:
        """How long the first caller of this queue has waited at the snapshot's time, s; None if no one waits."""
        joined = [wait.joined_at for wait in self.waiting_in(queue_id) if wait.joined_at is not None]
        return self.time - min(joined) if joined and self.time is not None else None

    @classmethod
    def from_json(cls, text: str | bytes) -> Snapshot:
        """The snapshot that `to_json` wrote; raises NotASnapshot if it is not one, OtherFormat if of another format."""
        try:
            snapshot = _decoder.decode(text)
            written = snapshot.format
        except (msgspec.MsgspecError, UnicodeError) as error:
            try:
                written = _head_decoder.decode(text).format
            except (msgspec.MsgspecError, UnicodeError):
                written = FORMAT
            if written == FORMAT:
                raise NotASnapshot(f"not a snapshot: {error}") from None
        if written != FORMAT:
            raise OtherFormat(f"a snapshot of format {written}, this version of calltrack reads {FORMAT}")
        return snapshot


class _Head(Struct):
    """What snapshots of all formats have."""

    position: int
    format: int


_decoder = msgspec.json.Decoder(Snapshot)
_head_decoder = msgspec.json.Decoder(_Head)
