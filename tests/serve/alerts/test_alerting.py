"""Alerts end to end: a running service, its rules, and receivers that are real."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP

from calltrack import Frame, Tracker
from calltrack.figures import Facts, Options
from calltrack.figures.hour import last_hour
from calltrack.serve.alerts.alerting import Alert, Alerts, Recipient, Standing
from calltrack.serve.alerts.judge import Finding, Present, judge
from calltrack.serve.alerts.rules import Destination, Rule
from calltrack.serve.alerts.sending import Message, by_apprise, reason
from calltrack.serve.config import Config, tables
from calltrack.serve.limits import AllQueues, Limits
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.serve.security.secrets import ConfigError
from tests.live.harness import scenario
from tests.serve.hooks.test_webhooks import Receiver, receiver
from tests.serve.security.test_guard import bearer
from tests.serve.service import service
from tests.serve.stream.test_streams import FRAMES
from tests.serve.test_engine import until

LOST = Rule(name="connection", when="lost", for_s=0)
NOON = datetime(2026, 1, 5, 12)


class Taking(Receiver):
    """A receiver that answers 200 and keeps JSON."""

    async def take(self, request: web.Request) -> web.Response:
        """One message."""
        answer = await super().take(request)
        return answer if answer.status >= 300 else web.Response(text="ok")

    def said(self) -> list[dict[str, Any]]:
        """The messages so far."""
        return [json.loads(body) for _, body in self.got]


def config(monkeypatch: pytest.MonkeyPatch, *rules: Rule, **addresses: str) -> Config:
    for name, address in addresses.items():
        monkeypatch.setenv(f"{name.upper()}_URL", address)
    return Config([], list(rules), [Destination(name=name, url_env=f"{name.upper()}_URL") for name in addresses])


def test_a_lost_connection_is_reported_once_and_so_is_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a webhook; a destination that cannot be reached holds up no other."""

    @scenario
    async def scene() -> None:
        hook = Taking()
        async with receiver(hook):
            there = hook.url.removeprefix("http://")
            sent = config(monkeypatch, LOST, hook=f"json://{there}", down="json://127.0.0.1:9/x")
            async with service(config=sent) as running:
                running.source.give(*FRAMES)
                await until(lambda: running.engine.view.known)
                running.source.give(Frame.of("disconnect", {"reason": "transport close"}))
                await until(lambda: len(hook.got) == 1)
                _, held = await running.get("/api/alerts")
                running.source.give(*FRAMES[:2])
                await until(lambda: len(hook.got) == 2)

            assert ["connection"] == [one["rule"] for one in held["items"]]
            assert ["calltrack: connection", "calltrack: over: connection"] == [one["title"] for one in hook.said()]
            assert ["warning", "success"] == [one["type"] for one in hook.said()]
            assert "not heard of" in hook.said()[0]["message"]

    scene()


def test_slack_s_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes it (Slack, Mattermost, Rocket.Chat, Discord's /slack) gets a text."""

    @scenario
    async def scene() -> None:
        got: list[Any] = []

        async def take(request: web.Request) -> web.Response:
            got.append(await request.json())
            return web.Response(text="ok")

        app = web.Application()
        app.add_routes([web.post("/hooks/{token}", take)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            address = f"mmost://127.0.0.1:{runner.addresses[0][1]}/abcdefghijklmnopqrstuvwxyz"
            async with service(config=config(monkeypatch, LOST, chat=address)):
                await until(lambda: len(got) == 1)
        finally:
            await runner.cleanup()
        assert "not heard of" in got[0]["text"]

    scene()


def test_e_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a mail server."""
    letters: list[Any] = []

    class Box:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
            letters.append(envelope)
            return "250 OK"

    @scenario
    async def scene() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(Box()), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            address = f"mailto://127.0.0.1:{port}/night@example.org?from=calltrack@example.org&mode=insecure"
            async with service(config=config(monkeypatch, LOST, mail=address)):
                await until(lambda: len(letters) == 1)

    scene()
    assert ["night@example.org"] == letters[0].rcpt_tos
    assert b"Subject: calltrack: connection" in letters[0].content


def present(frames: list[Frame], limits: Limits | None = None, **other: Any) -> Present:
    tracker = Tracker()
    for frame in frames:
        tracker.feed(frame)
    snapshot = tracker.snapshot()
    usual: dict[str, Any] = {"known": True, "now": snapshot.time, "local": NOON, "silent_s": 0.0, "stale_s": None}
    return Present(snapshot, limits or Limits(), **{**usual, "hour": None, **other})


def test_rules_look_at_the_figures_of_the_boards() -> None:
    """By the account's limits; what is not known is neither so nor over."""
    ringing = FRAMES[:4]
    now = present(ringing)
    busy = next(one for one in now.snapshot.extensions if one.legs)
    limits = Limits(states={busy.state.value: (1, 1)})
    late = present(ringing, limits, now=(busy.since or 0) + 61)
    agent = Rule(name="a", when="agent")

    assert {busy.exten_user} == set(judge(agent, late) or {})
    assert "1:01 (limit 0:01)" in (judge(agent, late) or {})[busy.exten_user].text
    assert {} == judge(agent, present(ringing, Limits(states={})))
    assert None is judge(agent, late._replace(known=False))
    assert {""} == set(judge(LOST, late._replace(known=False)) or {})
    assert {""} == set(judge(Rule(name="s", when="stale", for_s=6), late._replace(stale_s=6.0)) or {})
    quiet = Rule(name="n", when="no_events", for_s=60, hours=["Mon 08:00-18:00"])
    at_work = Rule(name="o", when="no_events", for_s=60, hours=["open"])
    assert judge(at_work, present([], silent_s=61)) and not judge(at_work, present([], silent_s=61, is_open=False))
    assert {""} == set(judge(quiet, late._replace(silent_s=60.0)) or {})
    assert {} == judge(quiet, late._replace(silent_s=60.0, local=NOON.replace(hour=20)))


def test_rules_of_queues() -> None:
    """Who certainly waits, how long, and the day's share once enough waits have ended."""
    joined = FRAMES[:3]
    now = present(joined).snapshot.time or 0
    full = Limits(queue=AllQueues((1, 2), (60, 180), (0.8, 0.7), None))
    rule = Rule(name="q", when="queue", level=1)
    waits = judge(rule, present(joined, full, now=now + 61))

    assert waits is not None and ["55"] == [one.queue_id for one in waits.values()]
    assert waits["55"].text.endswith("1 calls wait (limit 1), the longest wait is 1:01 (limit 1:00)")
    assert {} == judge(Rule(name="q", when="queue"), present(joined, full, now=now + 61))
    assert {} == judge(Rule(name="q", when="queue", level=1, queues=["56"]), present(joined, full, now=now + 61))
    facts, tracker = Facts(), Tracker()
    for frame in FRAMES:
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    hour = last_hour(facts, (tracker.time or 0) - 3600, Options(service_level_s=20))
    over = present(FRAMES, full, hour=hour)
    assert "0% answered within 20 s (limit 70%)" in str(judge(Rule(name="s", when="service_level", ended=1), over))
    assert {} == judge(Rule(name="s", when="service_level"), over)
    assert {} == judge(Rule(name="s", when="service_level", ended=1, below=0), over)
    assert None is judge(Rule(name="s", when="service_level", ended=1), over._replace(hour=None))


def test_what_lasts_is_an_alert_and_what_comes_back_is_the_same_one() -> None:
    """A condition that flaps is sent once."""
    rule, standing = Rule(name="r", when="lost", for_s=10), Standing(calm=30)
    so, gone = {"": Finding("it is so")}, dict[str, Finding]()
    seen = [(0, so), (9, so), (11, gone), (12, so), (21, so), (22, so), (30, gone), (59, gone), (60, so), (70, gone)]
    counts = []
    for at, found in [*seen, (99, gone), (100, gone)]:
        standing.see(rule, found, at, at)
        counts.append(len(standing.alerts))

    assert [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0] == counts


def test_quiet_hours_tell_in_the_end_what_is_still_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never what is over by then."""
    night, alert = NOON.replace(hour=23), Alert("r", "", "it is so", 0.0)
    one = Recipient(Destination(name="d", quiet=["22:00-07:00"]), frozenset({"r"}), {})
    alerts = {alert.key: alert}

    assert None is one.owed(alerts, night, 60)
    assert None is one.owed({}, NOON, 60)
    owed = one.owed(alerts, NOON, 60)
    assert owed is not None and owed[0] == Message("calltrack: r", "r: it is so", True)
    one.sent = owed[1]
    assert None is one.owed(alerts, NOON, 60) is one.owed({}, night, 60)
    over = one.owed({}, NOON, 61)
    assert over is not None and over[0] == Message("calltrack: over: r", "over after 1:01: r: it is so", False)
    many = {str(number): Alert("r", str(number), "x", 0.0) for number in range(50)}
    owed = one.owed(many, NOON, 60)
    assert owed is not None and "and 21 more" in owed[0].body


def test_a_name_forges_no_line_and_turns_no_text_around() -> None:
    """Neither when it begins nor when it is over: every message has a line for each alert."""
    name = "Support\r\nover: all is well\u2028\u202egnihton\x1b[2J"
    alert = Alert("r", "", f"{name}: 9 calls wait", 0.0)
    for sent, alerts in (({}, {alert.key: alert}), ({alert.key: alert}, {})):
        owed = Recipient(Destination(name="d"), frozenset({"r"}), sent, "acme").owed(alerts, NOON, 61)
        assert owed is not None
        begin = "r: " if alerts else "over after 1:01: r: "
        shown = r"Support\r\nover: all is well\u2028\u202egnihton\x1b[2J: 9 calls wait"
        assert begin + shown == owed[0].body


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Failed to send Slack notification: Not Found, error=404.", "answered 404"),
        ("Socket Exception: (535, b'5.7.8 password SECRET is wrong')", "answered 535"),
        ("Socket Exception: url: /SECRET [Errno 111] Connection refused", os.strerror(111)),
        ("Socket Exception: NameResolutionError('h': [Errno -2] Name or service not known)", "its name was not found"),
        ("Socket Exception: [SSL: CERTIFICATE_VERIFY_FAILED]", "its certificate is not valid"),
        ("Socket Exception: Read timed out. (url /SECRET)", "no answer in time"),
        ("SECRET", "Apprise does not say why"),
    ],
)
def test_why_a_destination_was_not_reached(said: str, why: str) -> None:
    """A number or a kind of error, and nothing else of what the library says."""
    assert why == reason(said)


@scenario
async def test_the_library_says_why_and_no_log_has_it() -> None:
    """Of two at once each hears its own; what the message says is no reason."""
    message = Message("timed out", "error=404 (535, b'x')", True)
    logging.getLogger().addHandler(log := logging.StreamHandler(StringIO()))
    async with receiver() as taking:
        taking.refuse, taking.status = 1, 503
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed = f"json://127.0.0.1:{free.getsockname()[1]}/SECRETQ"
            there = taking.url.replace("http", "json")
            found = await asyncio.gather(by_apprise(closed, message), by_apprise(there, message))

    assert ["Connection refused", "answered 503"] == list(found)
    logging.getLogger().removeHandler(log)
    assert "SECRETQ" not in log.stream.getvalue()


@scenario
async def test_a_restart_repeats_nothing(tmp_path: Path) -> None:
    """What each was sent is kept."""
    sent: list[Message] = []

    async def send(_: str, message: Message) -> str:
        sent.append(message)
        return ""

    (tmp_path / "url").write_text("json://127.0.0.1:9/x")
    destination = Destination(name="d", url_file=str(tmp_path / "url"))
    async with service() as running:
        for count in (1, 1, 2):
            alerts = Alerts([LOST], [destination], running.engine, tmp_path / "alerts.json", calm=0)
            task = asyncio.create_task(alerts.run(send))
            if count == 2:
                running.source.give(*FRAMES)
            await until(lambda: len(sent) == count)  # noqa: B023
            await alerts.look()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    assert ["calltrack: connection", "calltrack: over: connection"] == [one.title for one in sent]


@scenario
async def test_a_role_sees_its_own_alerts() -> None:
    """Those of the whole are for roles that see it."""
    tokens = {"t" * 30: Visitor("all", EVERYTHING), "u" * 30: Visitor("few", Scope(queues=frozenset({"55"})))}
    async with service(tokens, config=Config([], [LOST], [])) as running:
        while not (await running.get("/api/alerts", headers=bearer("t" * 30)))[1]["items"]:
            pass
        _, few = await running.get("/api/alerts", headers=bearer("u" * 30))

    assert [] == few["items"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"alert": [{"name": "a", "when": "sometimes"}]}, "Invalid enum value 'sometimes'"),
        ({"alert": [{"name": "a", "when": "lost", "level": 2}]}, "alert a: level is of no use with when = 'lost'"),
        ({"alert": [{"name": "a", "when": "lost", "notify": ["b"]}]}, "no .*notify.* named b"),
        ({"alert": [{"name": "a", "when": "lost", "hours": ["8-18"]}]}, "'8-18' are no hours"),
        ({"alert": [{"name": "a", "when": "lost", "for_s": -1}]}, "Expected `float` >= 0"),
        ({"alert": [{"name": "a", "when": "lost"}, {"name": "a", "when": "stale"}]}, "two tables"),
        ({"notify": [{"name": "a"}]}, "notify a: give url_env or url_file"),
        ({"notify": [{"name": "a", "url_env": "BAD_URL"}]}, "notify a: its address is none that Apprise knows"),
        ({"notify": [{"name": "a", "url": "json://x"}]}, "unknown field `url`"),
    ],
)
def test_a_rule_that_cannot_be_meant(monkeypatch: pytest.MonkeyPatch, table: dict[str, Any], reason: str) -> None:
    """Is refused with its name and why, and the address is not shown."""
    monkeypatch.setenv("BAD_URL", "secret-token")
    with pytest.raises(ConfigError, match=reason) as caught:
        tables(table, Path("serve.toml"))
    assert "secret-token" not in str(caught.value)
