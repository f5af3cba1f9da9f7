"""The obvious way to track calls, for comparison: json.loads, plain dicts, one transitions machine for each call.

It does the same job in little: who has which live calls in which state, who waits where, and a dict for each change. It
knows no attempts, durations, outcomes, gaps, anomalies or odd types, so the comparison is in its favour. The machines
are declared as the readme of transitions shows it.
"""

import json
from typing import Any

from transitions import Machine

_TRIGGERS = {
    "Queued": "wait",
    "Ringing": "ring",
    "Dialing": "dial",
    "Talking": "talk",
    "Hold": "hold",
    "Spying": "spy",
    "Hungup": "hang_up",
}
_TRANSITIONS = [{"trigger": trigger, "source": "*", "dest": state} for state, trigger in _TRIGGERS.items()]


class _Call:
    """A call as transitions drives it."""

    state: str

    def __init__(self, call_id: str):
        self.call_id = call_id
        self.places: dict[str, str] = {}  # extension or queue → what the call does there
        Machine(model=self, states=["New", *_TRIGGERS], transitions=_TRANSITIONS, initial="New")


class Obvious:
    """The state of one stream."""

    def __init__(self) -> None:
        self.calls: dict[str, _Call] = {}
        self.extensions: dict[str, dict[str, Any]] = {}
        self.queues: dict[str, list[str]] = {}

    def feed(self, line: bytes) -> list[dict[str, Any]]:
        """Apply one line of a recording; returns what it changed."""
        item = json.loads(line)
        event, body = item if isinstance(item, list) else (item["event"], item["data"])
        changes: list[dict[str, Any]] = []
        if event == "ExtensionEvent":
            self._extension(body["data"], changes)
        elif event == "AllExtensionsStatus":
            for extension in body["extensions"]:
                self._extension(extension, changes)
        elif event == "QueueEvent":
            self._queue(body["data"], changes)
        elif event == "loginStatus":
            for queue in body["queues"]:
                self._queue(queue, changes)
        return changes

    def _extension(self, data: dict[str, Any], changes: list[dict[str, Any]]) -> None:
        name = data["extenUser"]
        before = self.extensions.get(name, {"calls": {}, "status": None, "agent": None})
        live = {call["ivrid"]: call["callstatus"].capitalize() for call in data["calls"] or []}
        status, agent = data["representativeStatus"], data["onlineUserID"]
        if (status, agent) != (before["status"], before["agent"]):
            changes.append({"change": "agent", "extension": name, "status": status, "agent": agent})
        self.extensions[name] = {"calls": live, "status": status, "agent": agent}
        self._places(name, before["calls"], live, changes)

    def _queue(self, data: dict[str, Any], changes: list[dict[str, Any]]) -> None:
        name = f"queue {data['QueueID']}"
        before = self.queues.get(name, [])
        waiting = [call["ivrid"] for call in data["Calls"] or []]
        self.queues[name] = waiting
        self._places(name, dict.fromkeys(before, "Queued"), dict.fromkeys(waiting, "Queued"), changes)

    def _places(self, place: str, before: dict[str, str], after: dict[str, str], changes: list[dict[str, Any]]) -> None:
        for call_id in {**before, **after}:
            state = after.get(call_id)
            if state == before.get(call_id):
                continue
            call = self.calls.get(call_id)
            if call is None:
                call = self.calls[call_id] = _Call(call_id)
                changes.append({"change": "call started", "call": call_id})
            if state is None:
                call.places.pop(place, None)
            else:
                call.places[place] = state
            changes.append({"change": "leg", "call": call_id, "place": place, "state": state or "Hungup"})
            self._derive(call, changes)

    def _derive(self, call: _Call, changes: list[dict[str, Any]]) -> None:
        states = set(call.places.values())
        order = ("Hold", "Talking", "Dialing", "Ringing", "Queued", "Spying")
        state = next((state for state in order if state in states), "Hungup")
        if state != call.state:
            old = call.state
            getattr(call, _TRIGGERS[state])()
            changes.append({"change": "call", "call": call.call_id, "old": old, "new": state})
            if state == "Hungup":
                del self.calls[call.call_id]
