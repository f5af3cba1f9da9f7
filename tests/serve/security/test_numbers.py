"""Phone numbers in texts, and a role that must not see them: in no answer, stream, page of the API or webhook."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

import pytest

from calltrack import AnomalyKind, Frame, State
from calltrack.core.changes import Anomaly, CallStarted
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.numbers import masked
from calltrack.serve.security.scope import EVERYTHING, Scope
from tests.live.harness import scenario
from tests.serve.hooks.test_webhooks import hook, receiver, secret
from tests.serve.security.test_guard import bearer
from tests.serve.service import service
from tests.serve.stream.test_streams import FRAMES
from tests.serve.test_engine import until

_ = secret  # a fixture that every test of a webhook needs

NONE, ALL = "none" * 8, "all" * 10
TOKENS = {NONE: Visitor("none", Scope(phone_numbers=False)), ALL: Visitor("all", EVERYTHING)}
FORMS: list[Callable[[str], str]] = [
    lambda number: number,
    lambda number: f"+972{number[1:]}",
    lambda number: f"+972-{number[1:3]}-{number[3:6]}-{number[6:]}",
    lambda number: f"{number[:3]} - {number[3:6]} - {number[6:]}",
    lambda number: f"{number[:3]}/{number[3:6]}/{number[6:]}",
    lambda number: f"({number[:3]}) {number[3:6]}.{number[6:]}",
    lambda number: f"{number[:3]}_{number[3:6]}_{number[6:]}",
    lambda number: " ".join(number),
    lambda number: number.translate({ord("0") + value: 0x0660 + value for value in range(10)}),
    lambda number: number.translate({ord("0") + value: 0xFF10 + value for value in range(10)}),
    lambda number: f"rec-{number}-20260101.wav",
    lambda number: f"שיחה מ-{number[:3]}\u200e-\u200e{number[3:]}",
    lambda number: f"{number[:2]}-{number[2:]} ext. 12",
    lambda number: f"tel:{number};from Lois Lane",
]
"""How people and systems write a number."""
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


@pytest.mark.parametrize("form", FORMS)
def test_a_number_is_reduced_to_its_last_digits(form: Callable[[str], str]) -> None:
    """However it is written."""
    shown = masked(f"Lois {form('0501234567')}")

    assert shown.startswith("Lois ")
    assert "…" in shown
    assert "01234" not in digits(shown)


@pytest.mark.parametrize(
    "text", ["", "Anonymous", "Lois Lane 2", "Team 5", "queue 55", "since 2026-01-01 07:00:05Z", "2026-01-01 07:00"]
)
def test_other_texts_stay(text: str) -> None:
    """Names, short numbers, and moments."""
    assert text == masked(text)


@pytest.mark.parametrize(
    ("text", "shown"), [("102", "…02"), ("*2345", "…45"), ("12", "12"), ("Anonymous", "Anonymous")]
)
def test_what_is_a_number_by_itself_may_be_short(text: str, shown: str) -> None:
    """Extensions and star numbers, in the fields of callers."""
    assert shown == masked(text, number=True)


def test_a_long_text_takes_no_long_time() -> None:
    """The library is not asked about a text of any length; what has a number in it is hidden all the same."""
    text = "0501234567 " + "1 2" * 100_000

    assert "0501234567" not in masked(text)


def test_texts_that_come_later_are_hidden_as_well() -> None:
    """Every text of a record is looked at, wherever it stands; ids are not."""
    scope = Scope(phone_numbers=False)
    change = Anomaly(1, 2.0, AnomalyKind.BAD_VALUE, "of 0501234567")
    started = CallStarted(1, 2.0, "0501234567", State.RINGING, "Incoming", "102", "x", "03-7654321", 1.0)

    assert "of …67" == scope.shown(change).detail
    shown = scope.shown(started)
    assert ("0501234567", "…02", "…21") == (shown.call_id, shown.caller, shown.did)
    assert change is EVERYTHING.shown(change)


def digits(text: str) -> str:
    """A text's digits alone, as ASCII."""
    return re.sub(r"\D", "", "".join(str(unicodedata.digit(one, one)) for one in text))


def spoiled(frames: list[Frame], seed: int) -> tuple[list[Frame], list[str]]:
    """The frames with a number in every text and in custom data, and the numbers."""
    random, number, numbers = Random(seed), count(), list[str]()

    def another() -> str:
        numbers.append(f"05{random.randrange(10**8):08}")
        return FORMS[next(number) % len(FORMS)](numbers[-1])

    def spoil(value: Any, key: str = "") -> Any:
        if key == "customdata":
            return {another(): another(), "id": int(another()) if next(number) % len(FORMS) == 1 else 7}
        if isinstance(value, dict):
            return {name: spoil(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [spoil(one) for one in value]
        return f"{value} {another()}".strip() if key in TEXTS and isinstance(value, str) else value

    return [Frame.of(frame.event, spoil(frame.payload()), frame.at) for frame in frames], numbers


@scenario
async def test_no_output_has_a_number_of_the_input() -> None:
    """For a role without numbers: every endpoint of the description, every stream, and webhooks."""
    frames, numbers = spoiled(FRAMES, 1)
    frames.append(Frame.of("somethingNew", {"note": FORMS[3](numbers[0])}))
    frames.append(Frame.of("disconnect", {"reason": f"cut off by {FORMS[4](numbers[1])}"}))
    outputs: dict[str, str] = {}
    everything: list[str] = []
    async with (
        receiver() as taking,
        service(TOKENS, hooks=[hook(taking.url, phone_numbers=False, waiting=1)]) as running,
    ):
        running.source.give(*frames)
        await running.reached(len(frames))
        await until(lambda: running.engine.figures.ready)
        running.engine.hub.flush()
        snapshot = running.engine.view.snapshot
        call = next(iter((*snapshot.calls, *snapshot.ended))).call_id
        at = snapshot.time
        _, description = await running.get("/schema/openapi.json", headers=bearer(ALL))
        paths = [path.replace("{call_id}", call) for path, item in description["paths"].items() if "get" in item]
        asked = [path for path in paths if path not in ("/api/changes", "/api/updates")]
        asked += [f"{path}?at={at}" for path in ("/api/state", "/api/calls", f"/api/calls/{call}", "/api/queues")]
        asked += [
            "/api/calls?ended=true",
            f"/api/kpis?since={(at or 0) - 3600}",
            "/api/calls/none",
            "/api/calls?nothing=1",
        ]
        for path in asked:
            async with running.client.get(path, headers=bearer(NONE)) as answer:
                outputs[path] = await answer.text()
                if path.startswith("/api") and "at=" not in path:
                    assert answer.status < 500
        for path, last in (
            ("/api/changes?after=0", b"ConnectionLost"),
            ("/api/updates", b"state"),
            ("/api/changes?after=9999", b"reset"),
        ):
            for token in (NONE, ALL):
                async with running.client.get(path, headers=bearer(token)) as answer:
                    heard = b""
                    while last not in heard or not heard.endswith(b"\n\n"):
                        heard += await answer.content.readany()
                if token == NONE:
                    outputs[path] = heard.decode()
                else:
                    everything.append(heard.decode())
        async with running.client.ws_connect("/api/socket?after=0", headers=bearer(NONE)) as socket:
            heard_text = ""
            while "ConnectionLost" not in heard_text:
                heard_text += await socket.receive_str()
        outputs["/api/socket"] = heard_text
        await until(lambda: len(taking.got) == 5)
        outputs["webhook"] = " ".join(f"{headers} {body.decode()}" for headers, body in taking.got)

    told = {where: digits(_decoded(text)) for where, text in outputs.items()}
    found = [(where, number) for where, text in told.items() for number in numbers if number[1:] in text]
    whole = digits(_decoded(" ".join(everything)))
    assert [] == found
    assert len([number for number in numbers if number[1:] in whole]) > len(numbers) / 4  # the search finds them


def _decoded(text: str) -> str:
    """With the characters that JSON writes as escapes."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
