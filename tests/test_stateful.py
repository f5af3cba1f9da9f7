"""A model call centre beside the tracker: whatever happens in it, lawful or lost on the way, the laws hold after it.

Hypothesis decides what happens next. Longer: `pytest tests/test_stateful.py --hypothesis-profile long`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from calltrack import Frame, State
from calltrack.core.changes import Anomaly, Change, LegEnded, LegStarted
from calltrack.testing import Trial
from calltrack.testing.frames import all_extensions, all_queues, call, extension, queue, stamp, waiting

NAMES = ("A", "B", "C")
names = st.sampled_from(NAMES)


@dataclass(eq=False)
class ModelLeg:
    """One attempt of a call at an extension, as it truly is; `spent` has the seconds in each status so far."""

    name: str
    ivrid: str
    status: str
    started: int
    since: int
    answered_at: int = 0
    c2c: int = 0
    more: dict[str, Any] = field(default_factory=dict)
    spent: Counter[str] = field(default_factory=Counter)
    live: bool = True

    def to(self, status: str, now: int) -> None:
        """Be in another status from now on."""
        self.spent[self.true] += now - self.since
        self.status, self.since = status, now

    @property
    def true(self) -> str:
        """What it does: leg 2 of a click2call dials until it is answered; leg 1 talks to no one yet."""
        if self.c2c == 2 and not self.answered_at:
            return "Dialing"
        return self.status

    def json(self) -> dict[str, Any]:
        """As the vendor sends it."""
        c2c = {"c2cdirection": str(self.c2c)} if self.c2c else {}
        return call(self.ivrid, self.status, self.started, self.answered_at, **c2c, **self.more)


class CallCentre(RuleBasedStateMachine):
    """The model: what lives where; `pure` until something is lost or comes late."""

    legs: Bundle[ModelLeg] = Bundle("legs")
    callers: Bundle[str] = Bundle("callers")

    def __init__(self) -> None:
        super().__init__()
        self.trial = Trial(thorough=True)
        self.now = 10
        self.desks: dict[str, list[ModelLeg]] = {name: [] for name in NAMES}
        self.queue: dict[str, int] = {}
        self.stale: set[str] = set()
        self.online, self.losing, self.pure = True, False, True
        self.sent: list[tuple[str, int, Frame]] = []
        self.heard: dict[str, int] = {}
        self.reported: list[Change] = []
        self.over: list[ModelLeg] = []
        self.calls = 0

    def frames_of_all(self) -> list[Frame]:
        """The lists that come after a login."""
        return [
            all_queues(self.now, [waiting(ivrid, joined) for ivrid, joined in self.queue.items()]),
            all_extensions(self.now, **{name: [leg.json() for leg in legs] for name, legs in self.desks.items()}),
        ]

    def feed(self, frame: Frame) -> None:
        """To the tracker, and remember what it reported."""
        self.reported += self.trial.feed(frame)

    def emit(self, where: str, frame: Frame) -> None:
        """Send an event, unless it is lost."""
        if self.losing or not self.online:
            self.losing, self.pure = False, False
            self.stale.add(where)
            return
        self.stale.discard(where)
        self.heard[where] = self.now
        self.sent.append((where, self.now, frame))
        self.feed(frame)

    def event(self, leg: ModelLeg, reason: str, **outside: str) -> None:
        """An ExtensionEvent about a leg."""
        calls = [each.json() for each in self.desks[leg.name]]
        self.emit(leg.name, extension(self.now, leg.name, reason, leg.json(), calls, outside=outside))

    def place(self, leg: ModelLeg) -> ModelLeg:
        """Let a leg appear."""
        self.desks[leg.name].append(leg)
        self.event(leg, "NEWCALL")
        return leg

    def fresh(self) -> str:
        """A new call's id."""
        self.calls += 1
        return f"call-{self.calls}"

    def remove(self, leg: ModelLeg) -> None:
        """A leg is over."""
        leg.to("Hungup", self.now)
        leg.live = False
        self.desks[leg.name].remove(leg)
        self.over.append(leg)

    def hang_up(self, leg: ModelLeg, **outside: str) -> None:
        """A leg is over, and its HANGUP says so."""
        status = leg.status
        self.remove(leg)
        last = {**leg.json(), "callstatus": status}
        calls = [each.json() for each in self.desks[leg.name]]
        self.emit(leg.name, extension(self.now, leg.name, "HANGUP", last, calls, outside=outside))

    @initialize()
    def open(self) -> None:
        """The stream begins with the snapshots."""
        self.feed(Frame.of("loginSuccess", stamp(self.now)))
        for frame in self.frames_of_all():
            self.feed(frame)

    @rule(seconds=st.integers(1, 29))
    def time_passes(self, seconds: int) -> None:
        """Nothing happens for a while."""
        self.now += seconds

    @rule(target=legs, name=names, status=st.sampled_from(["Ringing", "Dialing"]))
    def begins(self, name: str, status: str) -> ModelLeg:
        """A call rings at or is dialed from an extension."""
        return self.place(ModelLeg(name, self.fresh(), status, self.now, self.now))

    @rule(target=legs, leg=legs, name=names)
    def rings_elsewhere_too(self, leg: ModelLeg, name: str) -> ModelLeg:
        """Another attempt of the same call, at any extension: a ring group, a redial."""
        return self.ring(name, leg.ivrid)

    def ring(self, name: str, ivrid: str, **more: object) -> ModelLeg:
        """An attempt of a call that exists; an extension rings once a second for it, or its frame would be an echo."""
        if any(
            (each.name, each.ivrid, each.started) == (name, ivrid, self.now) for each in [*self.desks[name], *self.over]
        ):
            self.now += 1
        return self.place(ModelLeg(name, ivrid, "Ringing", self.now, self.now, more=more))

    @rule(target=legs, name=names)
    def click2call(self, name: str) -> ModelLeg:
        """The agent's own phone rings."""
        return self.place(ModelLeg(name, self.fresh(), "Dialing", self.now, self.now, c2c=1))

    @rule(target=legs, leg=legs)
    def customer_is_dialed(self, leg: ModelLeg) -> ModelLeg:
        """Click2call's leg 2 takes the place of leg 1."""
        if not (leg.live and leg.c2c == 1 and leg.status == "Talking"):
            return leg
        self.remove(leg)
        return self.place(ModelLeg(leg.name, leg.ivrid, "Talking", leg.started, leg.started, c2c=2))

    @rule(leg=legs)
    def answered(self, leg: ModelLeg) -> None:
        """The leg talks."""
        if leg.live and leg.true in ("Ringing", "Dialing"):
            leg.to("Talking", self.now)
            leg.answered_at = self.now
            self.event(leg, "ANSWER")

    @rule(leg=legs)
    def held_or_retrieved(self, leg: ModelLeg) -> None:
        """Talking → Hold → Talking: twice in a second looks as an echo does, to the byte."""
        if leg.live and leg.true in ("Talking", "Hold") and leg.c2c != 1:
            self.now += 1
            hold = leg.status == "Talking"
            leg.to("Hold" if hold else "Talking", self.now)
            self.event(leg, "HOLD" if hold else "UNHOLD")

    @rule(leg=consumes(legs), cause=st.sampled_from(["Normal hangup", "Answered elsewhere", "User busy", ""]))
    def hung_up(self, leg: ModelLeg, cause: str) -> None:
        """The leg is over."""
        if leg.live:
            self.hang_up(leg, cause=cause)

    @rule(target=legs, one=consumes(legs), name=names)
    def transferred(self, one: ModelLeg, name: str) -> ModelLeg:
        """The call goes on elsewhere under another id."""
        new = ModelLeg(name, self.fresh(), "Talking", self.now, self.now, self.now)
        if one.live:
            self.hang_up(one, cause="", dialStatus="Transfer")
            new.more = {"relatedIvrUniqueIDs": [one.ivrid], "transferExtensionName": "Clark Kent"}
        return self.place(new)

    @rule(target=legs, name=names)
    def listens(self, name: str) -> ModelLeg:
        """A supervisor spies."""
        return self.place(ModelLeg(name, self.fresh(), "Spying", self.now, self.now))

    @rule(name=names, status=st.integers(1, 13))
    def agent_status(self, name: str, status: int) -> None:
        """The agent does something else now."""
        calls = [leg.json() for leg in self.desks[name]]
        self.emit(name, extension(self.now, name, "userStatusUpdate", None, calls, representativeStatus=status))

    @rule(target=callers)
    def joins(self) -> str:
        """A caller waits in the queue."""
        ivrid = self.fresh()
        self.queue[ivrid] = self.now
        self.queue_event("JOIN", ivrid)
        return ivrid

    @rule(ivrid=consumes(callers), reason=st.sampled_from(["EXIT", "ABANDONED", "ANSWER"]))
    def leaves(self, ivrid: str, reason: str) -> None:
        """The wait is over."""
        del self.queue[ivrid]
        self.queue_event(reason, ivrid)

    def queue_event(self, reason: str, ivrid: str) -> None:
        """A QueueEvent about a call."""
        waits = [waiting(each, joined) for each, joined in self.queue.items()]
        self.emit("queue", queue(self.now, reason, ivrid, waits))

    @rule(target=legs, ivrid=callers, name=names)
    def offered(self, ivrid: str, name: str) -> ModelLeg:
        """The waiting call rings at an agent."""
        return self.ring(name, ivrid, queueID=55)

    @precondition(lambda self: self.online)
    @rule()
    def the_next_event_is_lost(self) -> None:
        """Somewhere on the way."""
        self.losing = True

    @precondition(lambda self: self.online and self.sent)
    @rule(data=st.data())
    def an_event_comes_again(self, data: st.DataObject) -> None:
        """From a second socket: the last one, or an older one of an extension that was heard of since."""
        where, at, frame = data.draw(st.sampled_from(self.sent[-8:]))
        if at < self.heard[where] or frame is self.sent[-1][2]:
            self.pure = False
            before = self.trial.tracker.snapshot()
            changes = self.trial.feed(Frame.of(frame.event, frame.payload(), 1.0))
            assert not [change for change in changes if isinstance(change, LegStarted)]
            after = self.trial.tracker.snapshot()
            assert before.calls == after.calls
            assert before.time == after.time

    @precondition(lambda self: self.online)
    @rule()
    def the_connection_breaks(self) -> None:
        """Nothing of what happens now is heard."""
        self.online = self.pure = False
        self.feed(Frame.of("disconnect", {"reason": "transport close"}))
        self.stale |= {*NAMES, "queue"}

    @rule(login=st.booleans())
    def the_snapshots_come(self, login: bool) -> None:
        """After a new login, or because the client asked; never twice in a second: the second would be an echo.

        A new login says that a connection was lost, so what happened before it is not known in full.
        """
        self.now += 1
        self.pure &= not login
        if not self.online or login:
            self.feed(Frame.of("loginSuccess", stamp(self.now)))
        self.online = True
        self.losing = False
        for frame in self.frames_of_all():
            self.feed(frame)
        self.stale.clear()
        self.heard = dict.fromkeys((*NAMES, "queue"), self.now)

    @invariant()
    def every_law_holds(self) -> None:
        """Those of calltrack.laws.health and of a trial."""
        assert [] == self.trial.broken()

    @invariant()
    def what_is_not_stale_is_true(self) -> None:
        """Legs and waits are those of the model."""
        snapshot = self.trial.tracker.snapshot()
        for known in snapshot.extensions:
            if known.exten_user not in self.stale:
                true = sorted((leg.ivrid, leg.true) for leg in self.desks[known.exten_user])
                assert true == sorted((leg.call_id, leg.state) for leg in known.legs)
        if "queue" not in self.stale:
            assert list(self.queue) == [wait.call_id for wait in snapshot.waiting_in(55)]

    @invariant()
    def what_was_heard_in_full_is_reported_in_full(self) -> None:
        """As long as nothing is lost or late: no anomaly, and every end with its true durations, once."""
        if not self.pure:
            return
        assert [] == [change for change in self.reported if isinstance(change, Anomaly)]
        ends = [change.leg for change in self.reported if isinstance(change, LegEnded)]
        assert len(self.over) == len(ends)
        for leg, true in zip(ends, self.over, strict=True):
            assert (true.name, true.ivrid, true.c2c) == (leg.exten_user, leg.call_id, leg.c2c)
            rang = true.spent["Ringing"] + true.spent["Dialing"] + (true.spent["Talking"] if true.c2c == 1 else 0)
            talked = 0 if true.c2c == 1 else true.spent["Talking"]
            assert (rang, talked, true.spent["Hold"], 0) == (leg.ring_s, leg.talk_s, leg.hold_s, leg.unknown_s)

    def teardown(self) -> None:
        """After the next snapshots everything is true again, whatever happened."""
        self.now += 31
        self.the_snapshots_come(login=False)
        self.what_is_not_stale_is_true()
        self.every_law_holds()
        states = {known.exten_user: known.state for known in self.trial.tracker.snapshot().extensions}
        assert all(states[name] is not State.UNKNOWN for name in NAMES)


TestCallCentre = pytest.mark.slow(pytest.mark.timeout(900)(CallCentre.TestCase))
