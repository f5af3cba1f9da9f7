"""A day of ten phones and two queues, built from what happens: `day.new(1); day.answer(5); day.hangup(65)`.

Times are seconds after the first frame. Unless named, the phone is 0, the call "a" and the queue 71.
"""

from collections.abc import Callable
from itertools import accumulate
from random import Random
from typing import Any

from calltrack.testing.frames import START, all_queues, call, extension, queue, stamp, utc, waiting
from calltrack.voicenter.frames import Frame
from tests.kinds.disturbances import Disturbance, Item
from tests.outputs import Outputs

PHONES, QUEUES = 10, (71, 72)
RINGS = {"Ringing", "Dialing"}


class Day:
    """What the phones and queues have now, and the frames so far; each disturbed before it is tracked."""

    def __init__(self, random: Random, *disturbances: Disturbance) -> None:
        self.random, self.disturbances = random, disturbances
        self.items: list[Item] = []
        self.calls: dict[int, dict[str, dict[str, Any]]] = {phone: {} for phone in range(PHONES)}
        self.agents = {phone: agent(600 + phone) for phone in range(PHONES)}
        self.waiting: dict[int, dict[str, dict[str, Any]]] = {queue_id: {} for queue_id in QUEUES}
        self.login(0)

    @property
    def last(self) -> Any:
        """The payload of the last frame, to be changed."""
        return self.items[-1][1]

    def outputs(self) -> Outputs:
        """What the tracker makes of the frames."""
        items = self.items
        for disturb in self.disturbances:
            items = disturb(items, self.random)
        return Outputs((Frame.of(event, payload) for event, payload in items), utc(0))

    def login(self, at: int) -> None:
        """What a server says first: a login, all queues, all extensions."""
        self._add(Frame.of("loginSuccess", stamp(at)))
        lists = [
            {"QueueID": name, "QueueName": f"Q{name}", "Calls": list(self.waiting[name].values())} for name in QUEUES
        ]
        self._add(all_queues(at, []), queues=lists)
        self.list_all(at)

    def list_all(self, at: int) -> None:
        """All extensions."""
        found = [
            extension(at, f"SIP{phone}", "", calls=self._list(phone), **self.agents[phone]) for phone in self.calls
        ]
        lists = [frame.payload()["data"] for frame in found]
        self._add(Frame.of("AllExtensionsStatus", stamp(at)), extensions=lists)

    def event(
        self, at: int, reason: str, phone: int = 0, now: Any = None, *, sent: int | None = None, **out: Any
    ) -> None:
        """A frame of a phone, with its calls as they are now; sent later than it happened, if `sent` says so."""
        frame = extension(
            at if sent is None else sent,
            f"SIP{phone}",
            reason,
            now,
            self._list(phone),
            outside={"telephonyservertime": START + at, **out},
            **self.agents[phone],
        )
        self._add(frame)

    def status(self, at: int, phone: int = 0, status: int = 0) -> None:
        """A change of an agent's status, if one is given; the phone's calls in any case."""
        if status:
            self.agents[phone] |= {"representativeStatus": status, "representativeUpdated": (START + at) * 1000}
        self.event(at, "userStatusUpdate", phone)

    def new(self, at: int, phone: int = 0, name: str = "a", status: str = "Ringing", **fields: Any) -> None:
        """A call appears at a phone."""
        self.calls[phone][name] = call(name, status, at, **{"queueID": 71, **fields})
        self.event(at, "NEWCALL", phone, self.calls[phone][name])

    def change(
        self, at: int, reason: str, phone: int = 0, name: str = "a", *, sent: int | None = None, **fields: Any
    ) -> None:
        """A call at a phone has other values."""
        self.calls[phone][name] = {**self.calls[phone][name], **fields}
        self.event(at, reason, phone, self.calls[phone][name], sent=sent)

    def answer(self, at: int, phone: int = 0, name: str = "a", **more: Any) -> None:
        """A ringing call talks."""
        self.change(at, "ANSWER", phone, name, callstatus="Talking", answered=1, callAnswered=START + at, **more)

    def talk(self, at: int, answered: int, phone: int = 0, name: str = "a", **fields: Any) -> None:
        """A call rings and is answered."""
        self.new(at, phone, name, **fields)
        self.answer(answered, phone, name)

    def hold(self, at: int, until: int | None = None) -> None:
        """Call a is put on hold, and retrieved."""
        self.change(at, "HOLD", callstatus="Hold")
        if until is not None:
            self.change(until, "UNHOLD", callstatus="Talking")

    def hangup(self, at: int, phone: int = 0, name: str = "a", cause: str = "Normal hangup", **more: Any) -> None:
        """A call leaves a phone."""
        known = self.calls[phone].pop(name)
        self.event(at, "HANGUP", phone, known, cause=cause, **more)

    def join(self, at: int, name: str = "a", queue_id: int = 71, sent: int | None = None) -> None:
        """A caller waits."""
        self.waiting[queue_id][name] = waiting(name, at)
        self._queue(at, "JOIN", name, queue_id, sent)

    def leave(self, at: int, reason: str, name: str = "a", queue_id: int = 71, sent: int | None = None) -> None:
        """A caller waits no more; whether the list had the caller or not."""
        self.waiting[queue_id].pop(name, None)
        self._queue(at, reason, name, queue_id, sent)

    def begin(self, state: str) -> None:
        """Call a at phone 0 since 1; talking since 5, on hold since 8, as far as the state wants it."""
        self.new(1, status=state if state in RINGS else "Ringing")
        if state not in RINGS:
            self.answer(5)
        if state == "Hold":
            self.hold(8)

    def _list(self, phone: int) -> list[dict[str, Any]]:
        return list(self.calls[phone].values())

    def _queue(self, at: int, reason: str, name: str, queue_id: int, sent: int | None) -> None:
        inside = {"QueueID": queue_id, "QueueName": f"Q{queue_id}"}
        frame = queue(at if sent is None else sent, reason, name, list(self.waiting[queue_id].values()), **inside)
        self._add(frame, telephonyservertime=START + at)

    def _add(self, frame: Frame, **outside: Any) -> None:
        self.items.append((frame.event, {**frame.payload(), **outside}))


def agent(user_id: int, name: str = "") -> dict[str, Any]:
    """What an extension's frames say of the agent who is logged on."""
    name = name or f"Agent {user_id}"
    ids = dict.fromkeys(("userID", "number", "onlineUserID", "representative"), user_id)
    return {**ids, "userName": name, "summery": {"representative": name}}


def spent(state: str, until: int) -> dict[str, int]:
    """The seconds of the leg that `begin` makes, up to a moment."""
    if state in RINGS:
        return {"ring_s": until - 1, "talk_s": 0, "hold_s": 0}
    hold = until - 8 if state == "Hold" else 0
    return {"ring_s": 4, "talk_s": until - 5 - hold, "hold_s": hold}


def in_any_order(random: Random, *acts: Callable[[], None]) -> None:
    """Do all of these."""
    for act in random.sample(acts, len(acts)):
        act()


def in_time(*acts: tuple[int, Callable[[], None]]) -> None:
    """Do all of these, the earliest first."""
    for _, act in sorted(acts, key=lambda one: one[0]):
        act()


def moments(random: Random, count: int, most: int = 15) -> list[int]:
    """Rising moments, from 1 s to `most` s apart."""
    return list(accumulate(random.randint(1, most) for _ in range(count)))
