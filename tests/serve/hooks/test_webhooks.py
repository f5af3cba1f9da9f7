from __future__ import annotations

import asyncio
import hmac
import json
import re
import socket
import tomllib
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from calltrack import Frame
from calltrack.journal import Journal, StreamPosition
from calltrack.serve.config import Hook, tables
from calltrack.serve.engine import Engine
from calltrack.serve.hooks.delivery import Sender
from calltrack.serve.hooks.outbox import DeadLetter, Delivery, Outbox
from calltrack.serve.hooks.webhooks import Webhook
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.serve.security.secrets import ConfigError
from tests.live.harness import scenario
from tests.serve.security.test_guard import bearer
from tests.serve.service import Fed, service
from tests.serve.stream.test_streams import FRAMES
from tests.serve.test_engine import until

SECRET = "a-secret-of-some-length"
POSTED = [("screen_pop", "SIPSIP1"), ("screen_pop", "SIPSIP1"), ("screen_pop", "SIPSIP2"), ("call_ended", "")]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What signs."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)


class Receiver:
    """Takes what is posted, after having refused it as often as asked for; `status` is what refusals are."""

    def __init__(self) -> None:
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        self.refuse, self.status, self.asked = 0, 503, 0
        self.url = ""
        self.free = asyncio.Event()
        self.free.set()

    async def take(self, request: web.Request) -> web.Response:
        """One delivery."""
        await self.free.wait()
        self.asked += 1
        if self.refuse:
            self.refuse -= 1
            return web.Response(status=self.status, headers={"location": "/elsewhere"})
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=204)

    def reported(self) -> list[tuple[str, str]]:
        """The events so far, each with its extension."""
        bodies = [json.loads(body) for _, body in self.got]
        return [(body["type"], body["data"].get("exten_user", "")) for body in bodies]


@asynccontextmanager
async def receiver(taking: Receiver | None = None) -> AsyncIterator[Receiver]:
    taking = taking or Receiver()
    app = web.Application()
    app.add_routes([web.post("/hook", taking.take)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield taking
    finally:
        await runner.cleanup()


def hook(url: str, **options: Any) -> Hook:
    return Hook(**{"name": "crm", "url": url, "secret_env": "HOOK_SECRET", "allow_internal": True, **options})


@scenario
async def test_what_happens_is_posted_and_signed() -> None:
    """In order, under its place in the stream, so that the receiver can check it and tell a repetition."""
    async with receiver() as taking, service(hooks=[hook(taking.url, waiting=1)]) as running:
        running.source.give(*FRAMES)
        await until(lambda: len(taking.got) == 5)

    assert [("queue_threshold", ""), *POSTED] == taking.reported()
    for headers, body in taking.got:
        key, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        digest = hmac.digest(SECRET.encode(), f"{key}.{stamp}.".encode() + body, "sha256")
        assert f"v1,{b64encode(digest).decode()}" == headers["webhook-signature"]
        assert key == json.loads(body)["id"]
    assert 5 == len({headers["webhook-id"] for headers, _ in taking.got})


def test_a_secret_is_a_text_or_base64(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Standard Webhooks writes it."""
    assert SECRET.encode() == hook("https://crm.example/").secret()
    monkeypatch.setenv("HOOK_SECRET", f"whsec_{b64encode(b'any bytes at all').decode()}\n")
    assert b"any bytes at all" == hook("https://crm.example/").secret()
    monkeypatch.setenv("HOOK_SECRET", "whsec_this is no base64")
    with pytest.raises(ConfigError, match="no base64"):
        hook("https://crm.example/").secret()


@scenario
async def test_a_slow_receiver_is_waited_for() -> None:
    """What happens meanwhile, over many flushes, comes to it in order."""
    async with receiver() as taking, service(hooks=[hook(taking.url)]) as running:
        taking.free.clear()
        for number, frame in enumerate(FRAMES, 1):
            running.source.give(frame)
            await running.reached(number)
            running.engine.hub.beat()
        taking.free.set()
        await until(lambda: len(taking.got) == len(POSTED))

    assert POSTED == taking.reported()


@scenario
async def test_a_refused_delivery_comes_again() -> None:
    """Under the same id, before anything that follows; one that never succeeds is listed, and the rest goes on."""
    tokens = {"t" * 30: Visitor("all", EVERYTHING), "u" * 30: Visitor("few", Scope(phone_numbers=False))}
    async with receiver() as taking:
        taking.refuse = 5
        async with service(tokens, hooks=[hook(taking.url)], pauses=(0.01, 0.01, 0.01)) as running:
            running.source.give(*FRAMES)
            await until(lambda: len(taking.got) == 3)
            _, dead = await running.get("/api/webhooks/dead", headers=bearer("t" * 30))
            hidden, _ = await running.get("/api/webhooks/dead", headers=bearer("u" * 30))

    assert POSTED[1:] == taking.reported()
    assert 4 + 2 + 2 == taking.asked
    assert 1 == dead["total"]
    letter = dead["items"][0]
    assert ("crm", "screen_pop", 4, "answered 503") == tuple(
        letter[name] for name in ("webhook", "event", "attempts", "reason")
    )
    assert "0501234567" in letter["body"]
    assert 403 == hidden


def ringing(count: int) -> list[Frame]:
    """As many calls that begin to ring, and end, each at its own extension."""
    begin = [
        Frame.of("ExtensionEvent", json.loads(re.sub("2026010109000000000001", f"{number:022}", NEWCALL)))
        for number in range(1, count + 1)
    ]
    for number, frame in enumerate(begin):
        payload = json.loads(json.dumps(frame.payload()))
        payload["data"]["extenUser"] = f"SIP{number}"
        begin[number] = Frame.of("ExtensionEvent", payload)
    ended = []
    for frame in begin:
        payload = json.loads(json.dumps(frame.payload()))
        payload["data"]["calls"], payload["reason"] = [], "HANGUP"
        payload["cause"], payload["servertime"] = "Normal hangup", payload["servertime"] + 5
        ended.append(Frame.of("ExtensionEvent", payload))
    return [*FRAMES[:2], *begin, *ended]


NEWCALL = json.dumps(FRAMES[3].payload())


@scenario
async def test_calls_are_delivered_side_by_side_and_each_in_order() -> None:
    """A receiver that answers none before it has all of the first ones: one after the other would never end."""
    count, at_once = 40, asyncio.Barrier(40)

    class Slow(Receiver):
        async def take(self, request: web.Request) -> web.Response:
            if self.asked < count:
                self.asked += 1
                await at_once.wait()
            return await super().take(request)

    async with receiver(Slow()) as taking, service(hooks=[hook(taking.url)]) as running:
        running.source.give(*ringing(count))
        await until(lambda: len(taking.got) == 2 * count)

    bodies = [json.loads(body) for _, body in taking.got]
    for call in {body["data"]["call_id"] for body in bodies}:
        assert ["screen_pop", "call_ended"] == [one["type"] for one in bodies if one["data"]["call_id"] == call]


@scenario
async def test_with_one_at_a_time_all_are_in_order() -> None:
    """For receivers that want the order of the stream."""
    async with receiver() as taking, service(hooks=[hook(taking.url, parallel=1)]) as running:
        running.source.give(*ringing(20))
        await until(lambda: len(taking.got) == 40)

    places = [StreamPosition.parse(headers["webhook-id"].rpartition(":")[2]) for headers, _ in taking.got]
    assert sorted(places) == places


@scenario
async def test_a_receiver_that_fails_holds_up_no_other() -> None:
    """Nor does a call whose delivery fails hold up another call."""
    async with receiver() as failing, receiver() as taking:
        failing.refuse = 10**9
        hooks = [hook(failing.url, name="failing"), hook(taking.url, name="taking")]
        async with service(hooks=hooks) as running:
            running.source.give(*ringing(20))
            await until(lambda: len(taking.got) == 40)
            await until(lambda: failing.asked)

    assert [] == failing.got


@asynccontextmanager
async def life(
    folder: Path, taking: Receiver, outbox: Outbox | None = None, account: str = ""
) -> AsyncIterator[tuple[Fed, Engine, Outbox]]:
    """A source, an engine and an outbox with one webhook; they go on where the last life in the folder ended."""
    source, outbox = Fed(), outbox or Outbox(folder / "webhooks")
    engine = Engine(source, Journal.open(folder / "journal"), anew=False)
    webhook = Webhook(hook(taking.url), engine, outbox, account=account)
    tasks = [asyncio.create_task(one) for one in (engine.run(), webhook.run())]
    yield source, engine, outbox
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    outbox.close()
    await engine.close()


def test_what_was_not_sent_before_a_crash_is_sent_after_it(tmp_path: Path) -> None:
    """It was durable before the first try; what was taken is not sent again. Each call's come in their order."""
    count = 20

    async def scene() -> Receiver:
        async with receiver() as taking:
            taking.free.clear()
            async with life(tmp_path, taking) as (source, _, outbox):
                source.give(*ringing(count))
                while len(await outbox.pending("crm")) < 2 * count:
                    await asyncio.sleep(0)
            taking.got.clear()
            taking.free.set()
            async with life(tmp_path, taking) as (_, _, outbox):
                while len(taking.got) < 2 * count or await outbox.pending("crm"):
                    await asyncio.sleep(0)
            return taking

    got = asyncio.run(scene()).got
    assert 2 * count == len({headers["webhook-id"] for headers, _ in got})
    kinds: dict[str, list[str]] = {}
    for said in (json.loads(body) for _, body in got):
        kinds.setdefault(said["data"]["call_id"], []).append(said["type"])
    assert [["screen_pop", "call_ended"]] * count == list(kinds.values())


@scenario
async def test_an_id_is_of_one_event_of_all_accounts(tmp_path: Path) -> None:
    """A receiver of several that ignores ids that it has misses nothing."""
    async with receiver() as taking:
        for account in ("acme", "bolt", ""):
            (folder := tmp_path / f"of-{account}").mkdir()
            taking.got.clear()
            async with life(folder, taking, account=account) as (source, _, _):
                source.give(*FRAMES)
                await until(lambda: len(taking.got) == len(POSTED))
            ids = [headers["webhook-id"] for headers, _ in taking.got]
            bodies = [json.loads(body) for _, body in taking.got]
            given = f"{account}:" if account else ""
            assert ids == [one["id"] for one in bodies]
            for one in bodies:
                assert re.fullmatch(rf"{given}{one['at']}:{one['data']['position']}\.\d+", one["id"])


@scenario
async def test_a_journal_that_is_begun_anew_uses_no_id_again(tmp_path: Path) -> None:
    """It counts from 1 again, while what the one before made still waits: all of it comes, and its ids differ."""
    later = [
        Frame.of(
            frame.event, json.loads(json.dumps(frame.payload()).replace('"servertime": 1767', '"servertime": 1768'))
        )
        for frame in FRAMES
    ]
    assert later[3] != FRAMES[3]
    async with receiver() as taking:
        taking.free.clear()
        async with life(tmp_path, taking) as (source, _, outbox):
            source.give(*FRAMES)
            while len(await outbox.pending("crm")) < len(POSTED):
                await asyncio.sleep(0)
        for file in tmp_path.glob("journal*"):
            file.unlink()
        taking.got.clear()
        taking.free.set()
        async with life(tmp_path, taking) as (source, engine, _):
            await until(lambda: engine.hub.resets)
            source.give(*later)
            await until(lambda: len(taking.got) == 2 * len(POSTED))

    assert 2 * len(POSTED) == len({headers["webhook-id"] for headers, _ in taking.got})


@scenario
async def test_what_an_earlier_version_has_stored_keeps_its_id(tmp_path: Path) -> None:
    """The receiver may have it already."""
    outbox = Outbox(tmp_path / "webhooks")
    await outbox.take("crm", StreamPosition(0), "{}", [Delivery("4.1", "call", "screen_pop", b"{}")])
    async with receiver() as taking, life(tmp_path, taking, outbox):
        await until(lambda: len(taking.got) == 1)

    assert ("4.1", b"{}") == (taking.got[0][0]["webhook-id"], taking.got[0][1])


@scenario
async def test_a_new_one_gets_all_that_happens_after_the_start(tmp_path: Path) -> None:
    """Also what happens before its file has answered."""

    class Late(Outbox):
        answers = asyncio.Event()

        async def pending(self, webhook: str) -> list[Delivery]:
            await self.answers.wait()
            return await super().pending(webhook)

    outbox = Late(tmp_path / "webhooks")
    async with receiver() as taking, life(tmp_path, taking, outbox) as (source, engine, _):
        source.give(*FRAMES)
        await until(lambda: engine.hub.flushed.frame == len(FRAMES))
        outbox.answers.set()
        await until(lambda: len(taking.got) == len(POSTED))

    assert POSTED == taking.reported()


@scenario
async def test_metrics_tell_how_it_goes() -> None:
    """What was taken, what was given up, and how often it failed since."""
    for refuse, status, figures in ((5, 503, (3, 1, 0)), (4, 302, (0, 4, 4))):
        taken, given_up, failed = (f'{{webhook="crm"}} {figure}.0' for figure in figures)
        expected = {f"taken_total{taken}", f"given_up_total{given_up}", f"failed{failed}"}
        async with receiver() as taking:
            taking.refuse, taking.status = refuse, status
            async with service(hooks=[hook(taking.url)], pauses=(0.01, 0.01, 0.01)) as running:
                running.source.give(*FRAMES)
                reported: set[str] = set()
                while not expected <= reported:
                    async with running.client.get("/metrics") as answer:
                        reported = {
                            line.removeprefix("calltrack_webhook_") for line in (await answer.text()).splitlines()
                        }


@scenario
async def test_a_redirect_is_not_followed() -> None:
    """It could lead inside; it is given up at once."""
    async with receiver() as taking:
        taking.refuse, taking.status = 4, 302
        async with service(hooks=[hook(taking.url)]) as running:
            running.source.give(*FRAMES)
            await until(lambda: taking.asked == 4)
            await until(lambda: running.engine.hub.clients)
            _, dead = await running.get("/api/webhooks/dead")
            while dead["total"] < 4:
                _, dead = await running.get("/api/webhooks/dead")

    assert {"answered 302"} == {letter["reason"] for letter in dead["items"]}


@asynccontextmanager
async def answering(text: bytes) -> AsyncIterator[str]:
    """A receiver that answers every request with some bytes, and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/h?key=SECRETQ"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"SSH-2.0-nothing\r\n\r\n", "what it answered is not HTTP"),
        (b"HTTP/1.1 204 No\r\nbad header\r\n\r\n", "what it answered is not HTTP"),
        (b"", "the connection was closed before an answer"),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "answered 101"),
        (None, "no connection: Connection refused"),
    ],
)
def test_what_failed_is_said_without_the_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: bytes | None, reason: str
) -> None:
    """It has secrets in it; and what is not 2xx is tried again."""

    async def scene() -> DeadLetter:
        outbox = Outbox(tmp_path / "webhooks")
        async with answering(text or b"") as url, asyncio.TaskGroup() as group:
            if text is None:
                with socket.socket() as free:
                    free.bind(("127.0.0.1", 0))
                    url = f"http://127.0.0.1:{free.getsockname()[1]}/h?key=SECRETQ"
            sender = Sender(hook(url), outbox, pauses=(0.0,))
            running = group.create_task(sender.run(group))
            await sender.ready.wait()
            sender.give([Delivery("1:1.1", "call", "screen_pop", b"{}")])
            await until(lambda: sender.given_up)
            running.cancel()
        _, letters = await outbox.dead(1, 0)
        outbox.close()
        return letters[0]

    letter = asyncio.run(scene())
    assert (reason, 2) == (letter.reason, letter.attempts)
    assert reason in caplog.text
    assert not re.search("SECRETQ|127\\.0", caplog.text)


@scenario
async def test_an_internal_address_is_not_called() -> None:
    """Unless it is allowed: what leads there is a dead letter, and no server is asked."""
    async with receiver() as taking:
        url = taking.url.replace("127.0.0.1", "localhost")
        async with service(hooks=[hook(url, allow_internal=False)]) as running:
            running.source.give(*FRAMES)
            total = 0
            while total < 4:
                _, dead = await running.get("/api/webhooks/dead")
                total = dead["total"]

    assert 0 == taking.asked
    assert "internal address" in dead["items"][0]["reason"]


def test_after_a_crash_it_goes_on_from_its_place(tmp_path: Path) -> None:
    """Nothing is lost; what was delivered and noted is not delivered again."""

    async def scene() -> Receiver:
        async with receiver() as taking:
            for frames, count in ((FRAMES[:4], 1), (FRAMES[4:], 4)):
                async with life(tmp_path, taking) as (source, _, outbox):
                    source.give(*frames)
                    await until(lambda count=count: len(taking.got) == count)  # type: ignore[misc]
                    while await outbox.pending("crm"):
                        await asyncio.sleep(0)
            return taking

    assert POSTED == asyncio.run(scene()).reported()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("url = 'http://crm.example/x'", "write https"),
        ("url = 'https://127.0.0.1/x'", "internal address"),
        ("url = 'https://[::ffff:10.0.0.1]/x'", "internal address"),
        ("url = 'https://u:password1@crm.example/'", "must not contain a user name or password"),
        ("url = 'ftp://crm.example'", "invalid URL"),
        ("url = 'https://crm.example:x/'", "invalid URL"),
        (
            "url = 'https://crm.example/'\nevents = ['calls']",
            "no event calls; there are screen_pop, call_ended, queue_threshold$",
        ),
        (
            "url = 'https://crm.example/'\nsecret_env = 'NOT_SET'",
            r"config\.toml: webhook crm: its secret, in the environment's NOT_SET, is missing",
        ),
        ("url = 'https://crm.example/'\nsecret = 'x'", "unknown field `secret`"),
    ],
)
def test_a_bad_configuration_is_refused(lines: str, reason: str) -> None:
    """At the start, with what is wrong."""
    given = lines if "secret_env" in lines else f"{lines}\nsecret_env = 'HOOK_SECRET'"
    document = tomllib.loads(f"[[webhook]]\nname = 'crm'\n{given}\n")

    with pytest.raises(ConfigError, match=reason) as caught:
        tables(document, Path("config.toml"))
    assert "password1" not in str(caught.value)
