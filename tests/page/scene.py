"""A call centre as a test wants it, as the frames of one hour: so many queues and agents, called so, in such a mood."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from calltrack import Frame
from tests.frames import START, call, extension, queue, stamp, waiting

END = 3900
"""Seconds after the first frame at which the scene is seen."""

FIRST = {
    "plain": "Dana Noam Maya Omer Tamar Eitan Yael Amir Shira Lior Rami Nadia Ilan Hila Tariq Ruth Gil Lena Oren Sivan",
    "long": "Bartholomew Wilhelmina Maximiliana Christopher Alexandrina Constantine Evangelina Montgomery",
    "hebrew": "דנה נועם מאיה עומר תמר איתן יעל אמיר שירה ליאור ראמי נדיה אילן הילה טארק רות גיל לנה אורן סיון",
}
LAST = {
    "plain": "Levi Cohen Mizrahi Peretz Biton Azulay Haddad Katz Friedman Khoury Amar Segal Malka Vaknin Golan Nassar",
    "long": "Featherstonehaugh Wolfeschlegelstein Papadopoulos-Konstantinidis Abdulrahmanov Vandenbroeck",
    "hebrew": "לוי כהן מזרחי פרץ ביטון אזולאי חדאד כץ פרידמן אבוטבול עמר סגל מלכה ועקנין גולן נסאר",
}
QUEUES = {
    "plain": ["Billing", "Technical support", "Deliveries", "Sales", "New customers", "Returns"],
    "long": ["International Customer Relations and Complaints", "Deutsche Kraftfahrzeugversicherungsangelegenheiten"],
    "hebrew": ["חיובים", "תמיכה טכנית", "משלוחים", "מכירות", "לקוחות חדשים", "החזרות"],
}


class Scene(NamedTuple):
    """What is to be seen; `mood` is calm, one (queue in trouble) or busy, `gap` a time that was missed."""

    queues: int = 6
    agents: int = 60
    names: str = "plain"
    mood: str = "busy"
    gap: bool = False

    def frames(self) -> list[Frame]:
        """Every frame of the hour, in its order."""
        events = sorted([*self._beats(), *self._agents(), *self._waits()], key=lambda one: one[0])
        if self.gap:
            events = self._without_some(events)
        return [frame for _, frame in events]

    @property
    def trouble(self) -> str:
        """The id of the queue that is in trouble, if one is."""
        return "" if self.mood == "calm" else "5000"

    def _beats(self) -> Iterator[tuple[float, Frame]]:
        for at in range(0, END + 1, 300):
            yield at, Frame.of("keepAliveResponse", stamp(at))

    def _agents(self) -> Iterator[tuple[float, Frame]]:
        chance = Random(7)
        for number in range(self.agents):
            yield from self._agent(number, chance)

    def _agent(self, number: int, chance: Random) -> Iterator[tuple[float, Frame]]:
        state = _state(number, self.agents)
        first, last = FIRST[self.names].split(), LAST[self.names].split()
        name = f"{first[number % len(first)]} {last[number * 7 % len(last)]}"
        usual = {"free": 240, "ring": 15, "talk": 700, "hold": 100, "pause": 1000, "out": 3000}[state]
        past = {"ring": 30, "talk": 2800, "hold": 200, "pause": 2000}.get(state, usual)
        is_over = self.mood == "busy" and state in ("ring", "talk", "hold", "pause") and number % 9 == 1
        since = END - (past if is_over else chance.randint(2, usual))
        inside: dict[str, Any] = {
            "userName": name,
            "number": 20001 + number,
            "userID": 300 + number,
            "onlineUserID": 300 + number,
            "representative": 300 + number,
            "summery": {"representative": name},
            "accountID": 100,
        }
        sip = f"SIP{number}"
        status = {"pause": 3, "out": 2}.get(state, 1)
        before: dict[str, Any] = {**inside, "representativeStatus": 1, "representativeUpdated": (START - 600) * 1000}
        if state == "out":
            before = {**inside, "representativeStatus": 2, "representativeUpdated": (START - 600) * 1000}
        yield 1, extension(1, sip, "STATUS", **before)
        if state in ("talk", "hold", "free") and since > 200:
            old = call(f"old{number}", "Talking", answered_at=20, queueID=5000 + number % self.queues)
            yield 20, extension(20, sip, "ANSWER", old, **before)
            yield since - 60, extension(since - 60, sip, "HANGUP", old, **before)
        if state in ("ring", "talk", "hold"):
            word = {"ring": "Ringing", "talk": "Talking", "hold": "Hold"}[state]
            answered = 0 if state == "ring" else since
            now = call(f"now{number}", word, since, answered, queueID=5000 + number % self.queues)
            reason = {"ring": "NEWCALL", "talk": "ANSWER", "hold": "HOLD"}[state]
            yield since, extension(since, sip, reason, now, **before)
        elif state in ("pause", "free"):
            now_is = {**inside, "representativeStatus": status, "representativeUpdated": (START + since) * 1000}
            yield since, extension(since, sip, "STATUS", **now_is)

    def _waits(self) -> Iterator[tuple[float, Frame]]:
        chance = Random(11)
        for number in range(self.queues):
            here: list[dict[str, Any]] = []
            for at, reason, wait in sorted(self._stays(number, chance), key=lambda one: one[:2]):
                here = [*here, wait] if reason == "JOIN" else [one for one in here if one["ivrid"] != wait["ivrid"]]
                yield at, queue(at, reason, wait["ivrid"], here, **self._named(number))

    def _stays(self, number: int, chance: Random) -> Iterator[tuple[int, str, dict[str, Any]]]:
        bad = self.mood != "calm" and number == 0
        slow, gone = (0.35, 0.1) if bad and self.mood == "busy" else (0.06, 0.02)
        for index in range(40):
            joined = chance.randint(10, END - 400)
            took = chance.randint(30, 300) if chance.random() < slow else chance.randint(2, 18)
            wait = waiting(f"w{number}.{index}", joined)
            yield joined, "JOIN", wait
            yield joined + took, "ABANDONED" if chance.random() < gone else "EXIT", wait
        longest = [767, 540, 400, 300, 240, 200, 170, 120, 60] if bad else []
        if self.mood == "busy" and number == 1:
            longest = [232, 190, 120, 90, 40, 12]
        elif self.mood == "busy" and number == 2:
            longest = [100, 40, 5]
        elif number == 3:
            longest = [18]
        for index, age in enumerate(longest):
            yield END - age, "JOIN", waiting(f"l{number}.{index}", END - age)

    def _named(self, number: int) -> dict[str, Any]:
        names = QUEUES[self.names]
        return {"QueueID": 5000 + number, "QueueName": f"{names[number % len(names)]}{_more(number // len(names))}"}

    def _without_some(self, events: list[tuple[float, Frame]]) -> list[tuple[float, Frame]]:
        """The connection is lost for six minutes; then the service says what waits, and what everybody does."""
        lost, back = 2000, 2360
        queues: dict[int, Any] = {}
        extensions: dict[str, Any] = {}
        for at, frame in events:
            data = (frame.payload() or {}).get("data") if at <= back else None
            if data and "QueueID" in data:
                queues[data["QueueID"]] = data
            elif data:
                extensions[data["extenUser"]] = data
        login = Frame.of("loginStatus", {"queues": list(queues.values()), **stamp(back)})
        every = Frame.of("AllExtensionsStatus", {"extensions": list(extensions.values()), **stamp(back)})
        kept = [one for one in events if one[0] < lost or one[0] > back]
        at = next(index for index, one in enumerate(kept) if one[0] > back)
        gap = [(lost, Frame.of("disconnect", {"reason": "transport close"})), (back, login), (back, every)]
        return [*kept[:at], *gap, *kept[at:]]


def _more(number: int) -> str:
    return f" {number + 1}" if number else ""


def _state(number: int, agents: int) -> str:
    share = number / agents
    bounds = ((0.06, "free"), (0.10, "ring"), (0.62, "talk"), (0.67, "hold"), (0.86, "pause"))
    return next((state for bound, state in bounds if share < bound), "out")
