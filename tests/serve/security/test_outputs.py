"""What a role may not see is in none of its outputs: no phone number, no way to a recording."""

from __future__ import annotations

import re
from itertools import count
from random import Random
from typing import Any

from calltrack import Frame
from calltrack.core.records import Call
from calltrack.serve.security.access import Rights, Visitor
from calltrack.serve.security.scope import EVERYTHING
from tests.cdr.test_wire import NOTIFICATION
from tests.live.harness import scenario
from tests.serve.hooks.test_webhooks import hook, receiver, secret
from tests.serve.security.test_guard import bearer
from tests.serve.security.test_numbers import FORMS, digits
from tests.serve.service import Service, service
from tests.serve.stream.test_streams import FRAMES
from tests.serve.test_engine import until

_ = secret  # a fixture that every test of a webhook needs

NONE, DEAF, ALL = "none" * 8, "deaf" * 8, "all" * 10
TOKENS = {
    NONE: Rights(name="none", phone_numbers=False, recordings=True).visitor(),
    DEAF: Rights(name="deaf").visitor(),
    ALL: Visitor("all", EVERYTHING),
}
MARK = "hear-me"
"""What stands in each name and address of a recording."""
TEXTS = {
    *(
        "callername",
        "callerphone",
        "CallerID",
        "CallerName",
        "callerID",
        "did",
        "userName",
        "representative",
        "QueueName",
    ),
    *("Filename", "cause", "dialStatus", "errorDesc", "onlineUserName", "representativeName", "transferredBy", "note"),
}
"""Fields of frames that strangers or people fill with text."""
STREAMS = (
    ("/api/changes?after=0", b"ConnectionLost"),
    ("/api/updates", b"state"),
    ("/api/changes?after=9999", b"reset"),
)
"""Paths of streams, and what stands in the last event that is waited for: the input ends with a lost connection."""


async def outputs(running: Service, call: Call, token: str) -> dict[str, str]:
    """The text of every answer, by path."""
    at: Any = running.engine.view.snapshot.time
    _, description = await running.get("/schema/openapi.json", headers=bearer(token))
    paths = [path.replace("{call_id}", call.call_id) for path, item in description["paths"].items() if "get" in item]
    asked = [path for path in paths if path not in ("/api/changes", "/api/updates")]
    asked += [f"{path}?at={at}" for path in ("/api/state", "/api/calls", f"/api/calls/{call.call_id}", "/api/queues")]
    asked += ["/api/calls?ended=true", f"/api/kpis?since={at - 3600}", "/api/calls/none", "/api/calls?nothing=1"]
    found: dict[str, str] = {}
    for path in asked:
        async with running.client.get(path, headers=bearer(token)) as answer:
            found[path] = await answer.text()
            if path.startswith("/api") and "at=" not in path:
                assert answer.status < 500
    for path, last in STREAMS:
        async with running.client.get(path, headers=bearer(token)) as answer:
            heard = b""
            while last not in heard or not heard.endswith(b"\n\n"):
                heard += await answer.content.readany()
        found[path] = heard.decode()
    async with running.client.ws_connect("/api/socket?after=0", headers=bearer(token)) as socket:
        text = ""
        while "ConnectionLost" not in text:
            text += await socket.receive_str()
    found["/api/socket"] = text
    return found


def linked(frames: list[Frame]) -> list[Frame]:
    """The frames with another recording in each list, muted now and then, and what a record states of one."""
    number = count()

    def link(value: Any) -> Any:
        if isinstance(value, list):
            return [link(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "ivrid" in value:
            n = next(number)
            names = {"Filename": f"{MARK}-{n}.wav", "ApproximateURL": f"https://{MARK}/{n}", "Options": f"{MARK}{n}"}
            value = {**value, "recording": {**names, "IsMuted": n % 2}}
        return {name: link(one) for name, one in value.items()}

    found = [Frame.of(frame.event, link(frame.payload()), frame.at) for frame in frames]
    record = {**NOTIFICATION, "record": f"https://{MARK}/cdr", "aiData": {"summary": f"{MARK} said no"}}
    return [*found, Frame.of("cdr", record)]


def spoiled(frames: list[Frame], seed: int) -> tuple[list[Frame], list[str]]:
    """The frames with a number in every text and in custom data, and the numbers."""
    random, number, numbers = Random(seed), count(), list[str]()

    def plain() -> str:
        numbers.append(f"05{random.randrange(10**8):08}")
        return numbers[-1]

    def another() -> str:
        return FORMS[next(number) % len(FORMS)](plain())

    def spoil(value: Any, key: str = "") -> Any:
        if key == "customdata":
            return {another(): another(), "id": int(plain())}
        if isinstance(value, dict):
            return {name: spoil(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [spoil(one) for one in value]
        return f"{value} {another()}".strip() if key in TEXTS and isinstance(value, str) else value

    return [Frame.of(frame.event, spoil(frame.payload()), frame.at) for frame in frames], numbers


@scenario
async def test_what_a_role_may_not_see_is_in_none_of_its_outputs() -> None:
    """One without numbers, one without recordings, and webhooks of both kinds."""
    frames, numbers = spoiled(linked(FRAMES), 1)
    frames.append(Frame.of("somethingNew", {"note": FORMS[3](numbers[0])}))
    frames.append(Frame.of("disconnect", {"reason": f"cut off by {FORMS[4](numbers[1])}"}))
    shown: dict[str, dict[str, str]] = {}
    async with receiver() as numberless, receiver() as deaf, receiver() as all_seeing:
        hooks = [
            hook(numberless.url, name=NONE, phone_numbers=False, recordings=True, waiting=1),
            hook(deaf.url, name=DEAF, waiting=1),
            hook(all_seeing.url, name=ALL, recordings=True, waiting=1),
        ]
        async with service(TOKENS, hooks=hooks) as running:
            running.source.give(*frames)
            await running.reached(len(frames))
            await until(lambda: running.engine.figures.ready)
            running.engine.hub.flush()
            snapshot = running.engine.view.snapshot
            call = next(one for one in (*snapshot.calls, *snapshot.ended) if one.past_legs)
            for token, taking in ((NONE, numberless), (DEAF, deaf), (ALL, all_seeing)):
                shown[token] = await outputs(running, call, token)
                await until(lambda taking=taking: len(taking.got) == 8)  # type: ignore[misc]
                shown[token]["webhook"] = " ".join(f"{headers} {body.decode()}" for headers, body in taking.got)

    reported = {where: digits(_decoded(text)) for where, text in shown[NONE].items()}
    found = [(where, number) for where, text in reported.items() for number in numbers if number[1:] in text]
    whole = digits(_decoded(" ".join(shown[ALL].values())))
    assert [] == found
    assert len([number for number in numbers if number[1:] in whole]) > len(numbers) / 4  # the search finds them

    assert [] == [where for where, text in shown[DEAF].items() if MARK in text]
    led = {path.partition("?")[0] for path, text in shown[ALL].items() if MARK in text}
    assert {"/api/state", "/api/calls", "/api/changes", "/api/socket", "/api/updates", "webhook"} <= led
    assert f"{MARK} said no" in shown[ALL]["/api/changes?after=0"]
    assert '"muted":true' in shown[DEAF]["/api/changes?after=0"]  # whether an agent has paused it is no secret


def _decoded(text: str) -> str:
    """With the characters that JSON writes as escapes."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
