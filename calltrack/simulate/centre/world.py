"""The world: a seeded discrete-event simulation, and every change that can happen in it.

A process (inbound.py, people.py, talk.py) is a generator. It yields seconds to let time pass, and each change
that it makes, at once, so that a reader of the changes sees the world exactly as that change left it.
No clock, no global randomness: the same plan and seed give the same changes.

The time of the world is the vendor's *server* time: what the event stream shows. The switch is some seconds
ahead (`telephonyservertime`, field guide §2), and `callStarted` and the like are switch times.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from random import Random

from calltrack.simulate.centre.things import (
    Agent,
    Call,
    Campaign,
    Change,
    Desk,
    DialerChange,
    End,
    Entry,
    ExtensionChange,
    Leg,
    Process,
    Queue,
    QueueChange,
)
from calltrack.simulate.plan import LAGS, QUEUE_LAGS, Plan, draw


class World:
    """A call centre in motion.

    `now` is UTC epoch seconds; `desks`, `queues` and `campaigns` are the truth at that moment.
    """

    def __init__(self, plan: Plan, seed: int, desks: list[Desk], queues: list[Queue], campaigns: list[Campaign]):
        self.plan = plan
        self.now: float = plan.start
        self.random = Random(seed)
        self.desks = desks
        self.queues = queues
        self.campaigns = campaigns
        self._agenda: list[tuple[float, int, Process]] = []
        self._begun = 0
        self._channels = 0x1000

    def begin(self, process: Process, delay: float = 0.0) -> None:
        """Let a process start after `delay` seconds."""
        self._begun += 1
        heappush(self._agenda, (self.now + delay, self._begun, process))

    def changes(self, until: float) -> Iterator[Change]:
        """Every change before `until` (UTC epoch, s), in order; look at the world before taking the next."""
        while self._agenda and self._agenda[0][0] < until:
            self.now, turn, process = heappop(self._agenda)
            for step in process:
                if isinstance(step, float):
                    heappush(self._agenda, (self.now + step, turn, process))
                    break
                yield step
        self.now = until

    @property
    def release(self) -> int:
        """The release of the vendor's frames that runs now."""
        plan = self.plan
        if not plan.releases:
            return plan.release
        return plan.release + int(max(0.0, self.now - plan.start) / 3600 * plan.releases)

    # What the switch makes up

    def switch(self) -> int:
        """The switch's time of what the stream shows now."""
        return int(self.now) - draw(self.random, LAGS)

    def ivrid(self) -> str:
        """A new call's id: the wall clock, then 18 hexadecimal digits (seen)."""
        local = datetime.fromtimestamp(int(self.now) + self.plan.offset * 60, UTC)
        return f"{local:%Y%m%d%H%M%S}{self.random.getrandbits(72):018x}"

    def phone(self) -> str:
        """A telephone number that is not assigned."""
        return f"050000{self.random.randrange(10_000):04d}"

    def channel(self, peer: str) -> str:
        """A new channel at a peer ("SIP/SIP0001-0000076c")."""
        self._channels += 1
        return f"SIP/{peer}-{self._channels:08x}"

    def trunk(self) -> str:
        """A new channel to the outside."""
        return self.channel(f"Trunk{self.random.choice((1, 2, 2, 3)):02d}")

    def call(self, phone: str, name: str, did: str = "", queue: Queue | None = None) -> Call:
        """A new call, nowhere yet."""
        file = f"recording-{self.random.getrandbits(48):012x}.mp3"
        return Call(self.ivrid(), phone, name, did, self.trunk(), file, queue.queue_id if queue else None)

    def incoming(self, call: Call, desk: Desk, status: str = "Ringing", switch: int | None = None) -> Leg:
        """A leg for a call that reaches a desk; not in its list until it is placed."""
        started = self.switch() if switch is None else switch
        channel = self.channel(desk.exten)
        return Leg(call, desk, "Incoming", status, started, call.name, call.phone, call.did, channel, call.trunk)

    def outgoing(self, call: Call, desk: Desk, channel: str = "", direction: str = "Outgoing") -> Leg:
        """A leg for a call that a desk makes; a redial keeps its channel, not the far side."""
        near, far = channel or self.channel(desk.exten), self.trunk()
        return Leg(call, desk, direction, "Dialing", self.switch(), call.name, call.phone, "", near, far)

    # Changes at a desk

    def place(self, leg: Leg, reason: str = "NEWCALL", switch: int | None = None) -> Change:
        """The leg appears, when it started unless `switch` says otherwise."""
        desk = leg.desk
        if not desk.legs:
            desk.last_call = int(self.now)
            if leg.status == "Talking" and leg.answered:
                desk.last_answered = desk.last_call
        desk.legs.append(leg)
        desk.promised = leg.call.owed = False
        leg.call.legs.append(leg)
        change = self._change(leg, reason, leg.started if switch is None else switch)
        leg.began = leg.switched
        if leg.status == "Talking":
            leg.talked = leg.began
        return change

    def answer(self, leg: Leg, switch: int | None = None) -> Change:
        """Ringing or Dialing → Talking."""
        leg.status, leg.answered, leg.server = "Talking", 1, 0
        if len(leg.desk.legs) == 1:
            leg.desk.last_call = leg.desk.last_answered = int(self.now)
        change = self._change(leg, "ANSWER", switch)
        leg.answered_at = leg.talked = leg.switched
        return change

    def seem_answered(self, leg: Leg) -> Change:
        """An UNHOLD that shows a ringing leg as Talking, answered 0; the caller still waits (ruling 8, seen)."""
        leg.status, leg.server, leg.fake = "Talking", 239, True
        leg.desk.last_call = int(self.now)
        return self._change(leg, "UNHOLD")

    def hold(self, leg: Leg) -> Change:
        """Talking → Hold. A picked-up call counts as answered from here on (seen)."""
        return self._park(leg, "HOLD", "Hold")

    def unhold(self, leg: Leg) -> Change:
        """Hold → Talking."""
        return self._park(leg, "UNHOLD", "Talking")

    def _park(self, leg: Leg, reason: str, status: str) -> Change:
        leg.status, leg.server = status, 239
        self._notice_answered(leg)
        leg.desk.last_call = int(self.now)
        return self._change(leg, reason)

    def hangup(
        self,
        leg: Leg,
        cause: str = "Normal hangup",
        dial_status: str = "",
        more: bool = False,
        switch: int | None = None,
        outcome: str = "",
    ) -> ExtensionChange:
        """The leg is over; `more` says that the call itself goes on although nothing of it is live now."""
        desk, now = leg.desk, int(self.now)
        desk.legs.remove(leg)
        leg.call.legs.remove(leg)
        desk.promised = more
        leg.call.owed = leg.call.owed or more
        if leg.status != "Ringing" and leg.status != "Dialing" and not leg.fake:
            desk.last_answered = now
        if not desk.legs:
            desk.last_call = desk.last_hangup = now
        for other in desk.legs:
            self._notice_answered(other)
        return self._change(leg, "HANGUP", switch, cause, dial_status, self._ends(leg, cause or dial_status, outcome))

    def customer_leg(self, leg: Leg) -> tuple[Leg, Change]:
        """Click2call's leg 2 takes the place of leg 1, which gets no HANGUP of its own (field guide §4)."""
        desk, call = leg.desk, leg.call
        second = Leg(
            call,
            desk,
            leg.direction,
            "Talking",
            leg.started,
            leg.name,
            leg.phone,
            "",
            leg.channel,
            self.trunk(),
        )
        second.c2c, second.switched = "2", leg.switched
        desk.legs[desk.legs.index(leg)] = second
        call.legs[call.legs.index(leg)] = second
        placed = self._change(second, "NEWCALL", None, ends=self._ends(leg, ""))
        second.began = second.switched
        return second, placed

    def set_status(self, desk: Desk, status: int, agent: Agent | None = None) -> Change:
        """The agent's status; an agent who logs in is given."""
        desk.status, desk.status_since = status, int(self.now)
        desk.online = agent or desk.online
        return ExtensionChange(self.now, desk, "userStatusUpdate")

    def repeat_status(self, desk: Desk, ends: tuple[End, ...] = ()) -> Change:
        """The status that the agent has already, with the desk's list; `ends` are those that only the list shows."""
        return ExtensionChange(self.now, desk, "userStatusUpdate", ends=ends)

    def _change(
        self,
        leg: Leg,
        reason: str,
        switch: int | None = None,
        cause: str = "",
        dial_status: str = "",
        ends: tuple[End, ...] = (),
    ) -> ExtensionChange:
        leg.switched = max(leg.switched, self.switch() if switch is None else switch)
        return ExtensionChange(self.now, leg.desk, reason, leg, leg.switched, cause, dial_status, ends)

    def _notice_answered(self, leg: Leg) -> None:
        """A picked-up call says `answered` 0 until something else happens at its desk (seen)."""
        if leg.status != "Ringing" and leg.direction == "Incoming" and not leg.answered and not leg.fake:
            leg.answered, leg.answered_at = 1, leg.started

    def _ends(self, leg: Leg, cause: str, outcome: str = "") -> tuple[End, ...]:
        if leg.talked:
            outcome = "answered"
        elif not outcome:
            outcome = {"Answered elsewhere": "elsewhere", "Call Rejected": "rejected"}.get(cause, "unanswered")
        where, now = leg.desk.exten, int(self.now)
        end = End("leg", leg.call.ivrid, where, leg.started, now, cause, leg.began, leg.talked, outcome)
        return (end, *self._call_end(leg.call, cause))

    def _call_end(self, call: Call, cause: str) -> tuple[End, ...]:
        return (End("call", call.ivrid, None, None, int(self.now), cause),) if call.over else ()

    # Changes of a queue or a campaign

    def join(self, queue: Queue, call: Call) -> Change:
        """The caller waits."""
        switch = self._queue_switch()
        call.entry = Entry(queue, call, switch)
        queue.waiting.append(call.entry)
        return QueueChange(self.now, queue, "JOIN", call, switch)

    def leave(self, entry: Entry, reason: str, agent: str = "", more: bool = False) -> QueueChange:
        """The wait is over: EXIT, ANSWER or ABANDONED (field guide §5)."""
        call, queue = entry.call, entry.queue
        queue.waiting.remove(entry)
        call.entry, call.owed = None, more
        end = End("wait", call.ivrid, queue.queue_id, entry.joined, int(self.now), reason)
        ends = (end, *self._call_end(call, reason))
        return QueueChange(self.now, queue, reason, call, max(entry.joined, self._queue_switch()), agent, ends)

    def dialer(self, campaign: Campaign, reason: str, call: Call, dial_status: str = "") -> Change:
        """A campaign's call begins, comes further or ends."""
        if reason == "NEWCALL":
            campaign.calls.append(call)
            campaign.untouched = False
            campaign.pending = (campaign.pending or 100) - 1
        elif reason == "HANGUP":
            campaign.calls.remove(call)
        return DialerChange(self.now, campaign, reason, call, self._queue_switch() if self.release else 0, dial_status)

    def _queue_switch(self) -> int:
        return int(self.now) - draw(self.random, QUEUE_LAGS)
