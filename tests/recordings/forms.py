"""One capture in every form in which people hold events, made from the events themselves."""

from __future__ import annotations

import csv
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

AGAIN = Path(__file__).parents[2] / "fixtures" / "scenarios" / "queue-rings-again.jsonl"
LINES = AGAIN.read_text(encoding="utf-8").splitlines()
EVENTS: list[tuple[str, Any]] = [tuple(json.loads(line)) for line in LINES]
PACKETS = [f"42{line}" for line in LINES]
RECEIVED = 1767250800.0


def iso(i: int) -> str:
    """When frame i was received, to half a second."""
    return f"2026-01-01T09:00:{i:02}.500+02:00"


def objects(**fields: str) -> list[str]:
    """Each event as a JSON object; the values are "event", "payload" or "time"."""
    return [
        json.dumps({key: {"event": event, "payload": payload, "time": iso(i)}[what] for key, what in fields.items()})
        for i, (event, payload) in enumerate(EVENTS)
    ]


def table(rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    """CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def har(indent: int | None = None) -> str:
    """As Chrome exports it: one WebSocket, both directions, and an ordinary request."""
    messages: list[dict[str, object]] = [{"type": "receive", "time": RECEIVED, "opcode": 1, "data": '0{"sid":"x"}'}]
    for i, packet in enumerate(PACKETS):
        messages.append({"type": "receive", "time": RECEIVED + i, "opcode": 1, "data": packet})
        messages.append({"type": "send", "time": RECEIVED + i, "opcode": 1, "data": '42["keepalive","TOKEN"]'})
    socket = {"url": "wss://monitor.example/socket.io/?EIO=3&transport=websocket"}
    other = {"startedDateTime": iso(0), "request": {"url": "https://x.example/"}, "response": {"content": {"size": 0}}}
    entries = [other, {"_webSocketMessages": messages, "startedDateTime": iso(0), "request": socket, "response": {}}]
    return json.dumps({"log": {"version": "1.2", "entries": entries}}, indent=indent)


def grouped(indent: int | None = None) -> str:
    """As the vendor's own events.json: lists of payloads under the event's name."""
    groups: dict[str, list[Any]] = {}
    for event, payload in EVENTS:
        groups.setdefault(event, []).append(payload)
    return json.dumps(groups, indent=indent)


def polling(packets: list[str]) -> str:
    """A payload of Engine.IO 3."""
    return "".join(f"{len(packet.encode('utf-16-le')) // 2}:{packet}" for packet in packets)


def zipped(**members: bytes) -> bytes:
    """A zip, with what an Apple machine adds."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, "__MACOSX/._day": b"\0\1"}.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(content: bytes) -> bytes:
    """A tar of one file in a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("captures/day.har")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _lines(texts: list[str]) -> str:
    return "\n".join(texts) + "\n"


def _each(write: Callable[[int, str, Any], str]) -> str:
    return _lines([write(i, event, payload) for i, (event, payload) in enumerate(EVENTS)])


def pretty(event: str, payload: object) -> str:
    """One event over many lines."""
    return json.dumps({"event": event, "data": payload}, indent=2)


TEXTS: dict[str, str] = {
    "a JSON array on one line": json.dumps(EVENTS),
    "a JSON array, indented": json.dumps(EVENTS, indent=2),
    "a JSON array, a frame a line": "[\n" + ",\n".join(LINES) + "\n]\n",
    "a JSON array of texts": json.dumps(LINES),
    "a JSON array of packets": json.dumps(PACKETS, indent=1),
    "an array of objects, indented": json.dumps([{"name": e, "data": p} for e, p in EVENTS], indent=4),
    "pretty-printed objects": _each(lambda i, event, payload: pretty(event, payload)),
    "pretty-printed arrays": _each(lambda i, event, payload: json.dumps([event, payload], indent=2)),
    "values on one line": "".join(LINES),
    "event and payload": _lines(objects(event="event", payload="payload")),
    "type and data": _lines(objects(type="event", data="payload")),
    "name and args": _each(lambda i, event, payload: json.dumps({"name": event, "args": [payload]})),
    "a payload in a string": _each(lambda i, e, payload: json.dumps({"event": e, "payload": json.dumps(payload)})),
    "socket.io": _lines(['0{"sid":"x","pingTimeout":5000}', "40", *PACKETS, "2", "3", '42["keepalive","TOKEN"]']),
    "socket.io, namespace": _lines([f"42/monitor,{line}" for line in LINES]),
    "socket.io, namespace and ack id": _lines([f"42/monitor,17{line}" for line in LINES]),
    "socket.io, ack id": _lines([f"4217{line}" for line in LINES]),
    "polling, Engine.IO 3": polling(['0{"sid":"x"}', "40", *PACKETS]),
    "polling, Engine.IO 4": "\x1e".join(PACKETS),
    "HAR": har(),
    "HAR, indented": har(2),
    "grouped by event": grouped(),
    "grouped by event, indented": grouped(2),
    "name and payload": _each(lambda i, event, payload: json.dumps({event: payload})),
    "log lines": _each(lambda i, event, payload: f"[{iso(i)}] [INFO] [ws-7] received: {LINES[i]}"),
    "log lines that name the event": _each(lambda i, event, payload: f"{iso(i)} DEBUG {event}: {json.dumps(payload)}"),
    "log lines with packets": _each(lambda i, event, payload: f"{iso(i)} < {PACKETS[i]}"),
    "what Node's debug prints": _each(lambda i, e, p: f"  socket.io-client:socket emitting event {LINES[i]} +{i}ms"),
    "log lines, pretty-printed": _each(lambda i, event, payload: f"{iso(i)} got {pretty(event, payload)}"),
    "records of a container": _each(lambda i, e, p: json.dumps({"log": f"{PACKETS[i]}\n", "time": iso(i)})),
    "records of a logger": _each(lambda i, e, p: json.dumps({"level": "info", "ts": iso(i), "frame": [e, p]})),
    "CSV with frames": table([["id", "received", "frame"], *([i, iso(i), LINES[i]] for i in range(len(LINES)))]),
    "CSV with payloads": table(
        [["received_at", "event", "payload"], *([iso(i), e, json.dumps(p)] for i, (e, p) in enumerate(EVENTS))]
    ),
    "CSV without a heading, ;": table([[iso(i), e, json.dumps(p)] for i, (e, p) in enumerate(EVENTS)], ";"),
    "CSV of several lines a cell": table(
        [["at", "event", "payload"], *([iso(i), e, json.dumps(p, indent=1)] for i, (e, p) in enumerate(EVENTS))]
    ),
    "CSV of one column": table([["frame"], *([line] for line in LINES)]),
    "columns by tabs": _each(lambda i, event, payload: f"{iso(i)}\t{event}\t{json.dumps(payload)}"),
    "copied from a browser": _each(lambda i, e, p: f"{PACKETS[i]}\t{len(PACKETS[i])}\t15:20:26.{i:03}"),
    "copied from a browser, cell by cell": _each(lambda i, e, p: f"{PACKETS[i]}\n{len(PACKETS[i])}\n15:20:26.{i:03}"),
    "copied with arrows": _each(lambda i, e, p: f"↓{PACKETS[i]}\t9\t15:20:26.000\n↑2\t1\t15:20:26.000"),
    "a terminal's client": _each(lambda i, e, p: f"< {PACKETS[i]}\n> 2\n< 3"),
    "server-sent events": _each(lambda i, event, payload: f"event: {event}\ndata: {json.dumps(payload)}\n"),
    "a name, then its payload": _each(lambda i, event, payload: f"{event}\n{json.dumps(payload, indent=2)}"),
    "pasted from a chat": "```json\n" + _lines(LINES) + "```\n",
    "JSON in JSON strings": _each(lambda i, e, p: json.dumps(LINES[i])),
    "record separators": "".join(f"\x1e{line}\n" for line in LINES),
    "DevTools protocol": _each(
        lambda i, e, p: json.dumps(
            {"method": "Network.webSocketFrameReceived", "params": {"response": {"payloadData": PACKETS[i]}}}
        )
    ),
    "hits of a search": json.dumps(
        {"hits": {"hits": [{"_source": {"@timestamp": iso(0), "event": e, "payload": p}} for e, p in EVENTS]}}
    ),
    "what Python prints": _each(lambda i, event, payload: repr({"event": event, "data": payload})),
}  # fmt: skip
"""By name; each holds EVENTS in their order."""
