"""An independent reading of raw frames: plain dictionaries, nothing of calltrack; what kpi must agree with.

It believes each list, and takes times from the stamps (field guide §2-§5). It knows of no lost events: a stream with
faults is beyond it. `python -m tests.figures.recompute RECORDING` compares it with kpi and prints what differs.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Recomputed:
    """Figures of a whole recording, by queue, extension and direction."""

    def __init__(self, frames: Iterable[tuple[str, Json]]):
        self.waiting: dict[tuple[str, str, int], Json] = {}
        self.ended_waits: list[Json] = []
        self.live: dict[str, dict[tuple[str, int, str], Json]] = defaultdict(dict)
        self.ended_legs: list[Json] = []
        self.directions: list[tuple[str, str]] = []
        self.over: dict[str, set[tuple[str, int, str]]] = defaultdict(set)
        self.status: dict[str, list[tuple[int | None, int]]] = defaultdict(list)
        self.answered_calls: dict[str, int] = {}  # when a leg of theirs last was
        self.events: set[str] = set()
        self.claimed: dict[str, int] = {}  # when somebody was last said to have a call
        self.answers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.now = self.first = self.ahead = 0
        for event, frame in frames:
            self.read(event, frame)

    def read(self, event: str, frame: Json) -> None:
        """One frame; an exact echo of an event says nothing (ruling 4)."""
        if event in ("ExtensionEvent", "QueueEvent"):
            if (echo := json.dumps(frame, sort_keys=True)) in self.events:
                return
            self.events.add(echo)
        data = frame.get("data") or {}
        if event == "disconnect":
            for legs in self.live.values():
                for leg in legs.values():
                    leg["unsure"] = True
        offset = frame.get("servertimeoffset", data.get("servertimeoffset"))
        self.ahead = number(offset) * 60 if offset is not None else self.ahead
        servertime = number(frame.get("servertime") or data.get("servertime"))
        if servertime:
            self.now = servertime - self.ahead
            self.first = self.first or self.now
        moment = number(frame.get("telephonyservertime")) or servertime
        if event == "ExtensionEvent":
            self.extension(data, frame, moment - self.ahead)
        elif event == "AllExtensionsStatus":
            for one in frame["extensions"]:
                self.extension(one, {}, self.now)
        elif event == "QueueEvent":
            self.queue(data, frame, moment - self.ahead)
        elif event == "loginStatus":
            for one in frame["queues"]:
                self.queue(one, {}, self.now)

    def queue(self, data: Json, frame: Json, moment: int) -> None:
        """A queue's list of who waits."""
        queue_id = str(data["QueueID"])
        listed = {(queue_id, call["ivrid"], call["JoinTimeStamp"]) for call in data.get("Calls") or []}
        for key in [key for key in self.waiting if key[0] == queue_id and key not in listed]:
            wait = self.waiting.pop(key)
            reported = frame.get("ivruniqueid") == key[1]
            reasons = {"EXIT": "answered", "ANSWER": "picked up", "ABANDONED": "abandoned"}
            wait["outcome"] = reasons.get(frame.get("reason", "")) if reported else None
            if wait["outcome"] is None:
                talks = any(
                    leg["call"] == key[1] and leg["talked"] for legs in self.live.values() for leg in legs.values()
                )
                talked = self.answered_calls.get(key[1], wait["joined"] - 1) >= wait["joined"]
                wait["outcome"] = "answered" if talks or talked else "lost"
            if reported and wait["outcome"] in ("answered", "picked up"):
                self.claimed[key[1]] = self.now
            wait["wait_s"] = max(0, moment - wait["joined"]) if reported else None
            self.ended_waits.append(wait)
        for key in sorted(listed - set(self.waiting), key=lambda key: key[2]):
            self.directions.append((key[1], "incoming"))
            self.waiting[key] = {
                "queue": queue_id,
                "call": key[1],
                "joined": key[2] - self.ahead,
                "rings": 0,
                "begun": [],
            }

    def extension(self, data: Json, frame: Json, moment: int) -> None:
        """An extension's list of live calls."""
        name, ends_one = data["extenUser"], frame.get("reason", "") == "HANGUP"
        self.note_status(name, data)
        live, current = self.live[name], data.get("currentCall") or {}
        about = current.get("ivrid") or frame.get("ivruniqueid")
        listed = {key_of(call): call for call in data.get("calls") or []}
        if ends_one and current and key_of(current) not in live and key_of(current) not in self.over[name]:
            # The HANGUP is the first that is heard of it: it lived as its stamps say.
            live[key_of(current)] = self.begin(name, current, data, moment)
        for key in [key for key in live if key not in listed]:
            leg = live.pop(key)
            reported = ends_one and about == key[0]
            replaced = key[2] == "1" and any(other[0] == key[0] and other[2] == "2" for other in listed)
            if reported and current and not leg["talked"] and number(current.get("answered")):
                self.to(leg, seen_as(current), number(current["callAnswered"]) - self.ahead)
            self.to(leg, "", moment)
            leg["cause"], leg["dial"] = (frame.get("cause"), frame.get("dialStatus")) if reported else ("", "")
            leg["unsure"] |= not (reported or replaced)
            self.over[name].add(key)
            self.ended_legs.append(leg)
            if leg["cause"] == "Answered elsewhere":
                self.claimed[key[0]] = self.now
        for key, call in listed.items():
            if key not in live:
                new = frame.get("reason") == "NEWCALL" and current and key_of(current) == key
                # These two carry the stamps of an earlier leg: a transfer's far end, a click2call's leg 2 (ruling 7).
                lent = new and (key[2] == "2" or (seen_as(call) == "Talking" and number(call.get("answered"))))
                own = {**call, "callStarted": 0, "callAnswered": 0} if lent else call
                live[key] = self.begin(name, own, data, moment, bool(new))
            leg, status = live[key], seen_as(call)
            if status in ("Talking", "Hold") and not leg["talked"] and number(call.get("callAnswered")):
                self.to(leg, "Talking", number(call["callAnswered"]) - self.ahead)
            self.to(leg, status, moment)

    def begin(self, name: str, call: Json, data: Json, moment: int, new: bool = False) -> Json:
        """An attempt that was not there before."""
        key, status = key_of(call), seen_as(call)
        started = key[1] - self.ahead if key[1] else moment
        if status == "Ringing":
            for wait in self.waiting.values():
                rang_for = wait["call"] == key[0] and (new or wait["joined"] - 1 <= started)  # ruling 14
                wait["rings"] += rang_for
                wait["begun"] += [started] * rang_for
        leg: Json = {"extension": name, "call": key[0], "c2c": key[2], "talked": False, "rang": False, "unsure": False}
        leg |= {"agent": data.get("onlineUserID"), "direction": call.get("direction", "").lower()}
        leg |= {"since": started, "in": Counter()}
        internal = leg["direction"] != "spy" and bool(number(call.get("isInternal")))
        direction = "click2call" if key[2] else "internal" if internal else leg["direction"]
        self.directions.append((key[0], direction))
        answered = number(call.get("callAnswered")) - self.ahead
        if status in ("Talking", "Hold") and answered > started and number(call.get("callAnswered")):
            leg["in"]["Ringing"] += answered - started
            leg["since"], leg["rang"] = answered, leg["direction"] == "incoming"
        if status == "Hold":  # how long was talked before is not known (ruling 11)
            leg["unsure"] |= moment > leg["since"]
            leg["since"] = moment
        leg["status"] = None
        self.to(leg, status, leg["since"])
        return leg

    def to(self, leg: Json, status: str, at: int) -> None:
        """What an attempt does from now on."""
        if leg["status"] != status:
            leg["in"][leg["status"]] += max(0, at - leg["since"])
            leg["status"], leg["since"] = status, max(at, leg["since"])
        if status == "Ringing":
            leg["rang"] = True
        if status in ("Talking", "Hold"):
            if not leg["talked"]:
                self.answered_calls[leg["call"]] = leg["since"]
                if leg["direction"] == "incoming":
                    self.answers[leg["call"]].append((leg["extension"], leg["since"]))
            leg["talked"] = True

    def note_status(self, name: str, data: Json) -> None:
        """The agent's status, if it is another; a phone with no one logged on has none (ruling 18)."""
        status, stamp = data.get("representativeStatus"), number(data.get("representativeUpdated")) // 1000
        known, said = self.status[name], status is not None
        status = status if data.get("onlineUserID") else None
        if said and (not known or known[-1][0] != status):
            since = stamp - self.ahead if stamp else self.now
            known.append((status, max(since, known[-1][1]) if known else self.now))

    # The figures

    def queue_figures(self, queue_id: str) -> Json:
        """Of one queue, over the whole recording."""
        over = [wait for wait in self.ended_waits if wait["queue"] == queue_id]
        for wait in over:  # its answer shows in a list after the one that lacks it (ruling 16)
            answered = self.answered_calls.get(wait["call"], wait["joined"] - 1)
            if wait["outcome"] == "lost" and answered >= wait["joined"]:
                wait["outcome"], wait["wait_s"] = "answered", answered - wait["joined"]
        waiting = sum(wait["queue"] == queue_id for wait in self.waiting.values())
        outcomes = Counter(wait["outcome"] for wait in over)
        answers = [w["wait_s"] for w in over if w["outcome"] in ("answered", "picked up") and w["wait_s"] is not None]
        abandons = [w["wait_s"] for w in over if w["outcome"] == "abandoned" and w["wait_s"] is not None]
        a, b = sum(wait <= 20 for wait in answers), sum(wait <= 20 for wait in abandons)
        return {
            "queued": len(over) + waiting,
            "offered": len(over),
            "answered": outcomes["answered"] + outcomes["picked up"],
            "picked_up": outcomes["picked up"],
            "abandoned": outcomes["abandoned"],
            "abandoned_short": sum(wait < 5 for wait in abandons),
            "lost": outcomes["lost"],
            "waiting": waiting,
            "asa_s": sum(answers) / len(answers) if answers else None,
            "longest_wait_s": max(answers + abandons, default=None),
            "negative": a / (len(answers) + len(abandons)) if answers or abandons else None,
            "positive": (a + b) / (len(answers) + len(abandons)) if answers or abandons else None,
            "handled_only": a / len(answers) if answers else None,
            "rings": sum(wait["rings"] for wait in over),
            "re_rings": sum(max(0, rounds(wait["begun"]) - 1) for wait in over),
        }

    def work_figures(self, **of: Any) -> Json:
        """Of the phone work at one extension, or of one agent, over the whole recording."""
        over = [leg for leg in self.ended_legs if all(leg[name] == value for name, value in of.items())]
        handled = [leg for leg in over if leg["talked"] and leg["c2c"] != "1" and leg["direction"] != "spy"]
        rang = [leg for leg in over if leg["rang"]]
        elsewhere = [leg for leg in rang if not leg["talked"] and self.taken_elsewhere(leg)]
        answered = [leg for leg in rang if leg["talked"]]
        sure = [leg for leg in handled if not leg["unsure"]]
        talk, hold = (sum(leg["in"][state] for leg in sure) for state in ("Talking", "Hold"))
        return {
            "rang": len(rang),
            "answered": len(answered),
            "answered_elsewhere": len(elsewhere),
            "not_answered": len(rang) - len(answered) - len(elsewhere),
            "handled": len(handled),
            "talk_s": talk,
            "hold_s": hold,
            "att_s": talk / len(sure) if sure else None,
            "aht_s": (talk + hold) / len(sure) if sure else None,
        }

    def taken_elsewhere(self, leg: Json) -> bool:
        """Whether a colleague took the call as this ring ended (ruling 9)."""
        if leg["cause"] in ("Answered elsewhere", "Call Rejected") or leg["dial"] == "Transfer":
            return bool(leg["cause"] != "Call Rejected")
        return any(who != leg["extension"] and abs(at - leg["since"]) <= 2 for who, at in self.answers[leg["call"]])

    def direction_figures(self) -> dict[str, int]:
        """Ended calls by direction: that of the first leg which is no listener's, Incoming for who waited first."""
        live = {key[0] for legs in self.live.values() for key in legs} | {key[1] for key in self.waiting}
        # One that somebody has, whose leg is not seen yet, lives for 30 s (ruling 10).
        live |= {one for one, at in self.claimed.items() if self.now - at <= 30 and one not in self.answered_calls}
        found: dict[str, str] = {}
        for call_id, direction in self.directions:
            if found.get(call_id, "spy") == "spy":
                found[call_id] = direction
        return Counter(found[call_id] for call_id in found if call_id not in live and found[call_id] != "spy")

    def status_figures(self, name: str) -> dict[int, int]:
        """Seconds in each status at one extension, from its first sight to the last frame."""
        found: Counter[int] = Counter()
        known = self.status[name]
        for (status, since), (_, until) in zip(known, [*known[1:], (0, self.now)], strict=True):
            if status is not None:
                found[status] += max(0, until - since)
        return {status: seconds for status, seconds in found.items() if seconds}


def rounds(begun: list[int]) -> int:
    """How often a queue tried: rings that begin within 2 s of the first of them are one attempt (ruling 14)."""
    firsts: list[int] = []
    for at in sorted(begun):
        if not firsts or at > firsts[-1] + 2:
            firsts.append(at)
    return len(firsts)


def number(value: Any) -> int:
    """A stamp, whichever way it is written; 0 if there is none."""
    return int(value or 0)


def key_of(call: Json) -> tuple[str, int, str]:
    """What names an attempt at one extension (field guide §3)."""
    return call["ivrid"], number(call.get("callStarted")), str(call.get("c2cdirection") or "")


def seen_as(call: Json) -> str:
    """What a call in a list is doing; of a click2call no one talks to a customer before leg 2 is answered."""
    status = str(call["callstatus"]).capitalize()
    if str(call.get("c2cdirection")) == "2" and not number(call.get("answered")):
        return "Dialing"
    return "Own phone" if str(call.get("c2cdirection")) == "1" and status == "Talking" else status


def raw(path: Path) -> Iterable[tuple[str, Json]]:
    """Event and data of every line of a plain recording, in any of the three notations."""
    for line in path.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if isinstance(one, list):
            yield one[0], one[1]
        else:
            yield one.get("event") or one["name"], one["data"]


def differences(path: Path) -> list[str]:
    """Where kpi says something else of a recording."""
    from calltrack import Tracker, read_recording
    from calltrack.figures import Facts, report

    tracker, facts = Tracker(), Facts()
    for frame in read_recording(path):
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    found, theirs = report(facts), Recomputed(raw(path))
    differ = []
    for queue in found.queues:
        assert queue.waits is not None
        level = queue.waits.service_level
        for name, value in theirs.queue_figures(queue.key).items():
            mine = getattr(level if hasattr(level, name) else queue.waits, name)
            if mine != value:
                differ.append(f"queue {queue.key} {name}: kpi {mine}, recomputed {value}")
    for extension in found.extensions:
        assert extension.work is not None
        for name, value in theirs.work_figures(extension=extension.key).items():
            if (mine := getattr(extension.work, name)) != value:
                differ.append(f"extension {extension.key} {name}: kpi {mine}, recomputed {value}")
        if not facts.gaps:
            times = {one.status: one.seconds for one in extension.work.statuses}
            if times != (value := theirs.status_figures(extension.key)):
                differ.append(f"extension {extension.key} statuses: kpi {times}, recomputed {value}")
    for agent in found.agents:
        assert agent.work is not None
        if agent.key.isdecimal():
            for name, value in theirs.work_figures(agent=int(agent.key)).items():
                if (mine := getattr(agent.work, name)) != value:
                    differ.append(f"agent {agent.key} {name}: kpi {mine}, recomputed {value}")
    directions = {one.direction.lower(): one.calls for one in found.total.calls[1:]}
    if directions != (expected := theirs.direction_figures()):
        differ.append(f"calls by direction: kpi {directions}, recomputed {dict(expected)}")
    return differ


if __name__ == "__main__":
    different = [line for name in sys.argv[1:] for line in differences(Path(name))]
    print("\n".join(different) or "no difference")
    sys.exit(bool(different))
