"""CDR posts and pop-up requests at a running service: secrets, limits, durability, repetition, answers."""

import asyncio
import json
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from calltrack.core.observations import Stated
from calltrack.serve.config import Config
from calltrack.serve.intake.door import LARGEST
from calltrack.serve.intake.popups import Popups
from calltrack.serve.intake.settings import CdrTable, PopupTable
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.scope import EVERYTHING
from calltrack.serve.security.secrets import ConfigError
from calltrack.voicenter.frames import Frame
from tests.cdr.test_wire import NOTIFICATION
from tests.serve.service import service

SECRET = "0123456789abcdef-secret"
PATH = f"/cdr/{SECRET}"
POPUP = f"/popup/{SECRET}"
LOGIN = Frame.of("loginSuccess", {"servertime": 1701343800, "servertimeoffset": 120, "errorCode": 0})


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment, as a service has it."""
    monkeypatch.setenv("CDR_SECRET", SECRET)


CDR = CdrTable(secret_env="CDR_SECRET")


def run(doing: Any) -> None:
    """A test as a coroutine."""
    asyncio.run(doing)


def test_a_record_is_taken_and_shows() -> None:
    """Durable before it is answered, and applied: the call is there with what the record states."""

    async def main() -> None:
        async with service(config=Config(cdr=CDR)) as it:
            it.source.give(LOGIN)
            await it.reached(1)
            async with it.client.post(PATH, json=NOTIFICATION) as answer:
                assert (answer.status, await answer.json()) == (200, {"Err": 0, "Errdesc": "OK"})
            await it.reached(2)
            status, call = await it.get(f"/api/calls/{NOTIFICATION['ivruniqueid']}")
            assert status == 200
            assert json.dumps(call).count('"price": 12') == 1

    run(main())


def test_a_repeated_record_is_applied_once() -> None:
    """One after the other, and at once."""

    async def main() -> None:
        async with service(config=Config(cdr=CDR)) as it:
            it.source.give(LOGIN)
            await it.reached(1)

            async def post(body: dict[str, Any]) -> Any:
                async with it.client.post(PATH, json=body) as answer:
                    return await answer.json()

            same = [post(NOTIFICATION) for _ in range(20)]
            assert await asyncio.gather(*same) == [{"Err": 0, "Errdesc": "OK"}] * 20
            assert await post({**NOTIFICATION, "price": 13}) == {"Err": 0, "Errdesc": "OK"}
            await it.reached(3)
            assert it.engine.view.snapshot.position == 3
            found = it.engine.view.snapshot.call(str(NOTIFICATION["ivruniqueid"]))
            assert found is not None
            assert [one.price for one in found.statements] == [12, 13]

    run(main())


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b"", 1),
        (b"{", 1),
        (b"[1]", 1),
        (b'"x"', 1),
        (b"\xff", 1),
        (b'{"ivruniqueid": 1, "CustomData": ' + b"[" * 3000 + b"]" * 3000 + b"}", 1),
        (b"{}", 0),
        (b'{"ivruniqueid": 1}', 0),
        (b'\xef\xbb\xbf{"ivruniqueid": 1}', 0),
        (b'{"ivruniqueid": 1, "callerName": "a\xffb"}', 0),
        (b'{"ivruniqueid": 1, "callerName": "a\\ud800b"}', 0),
    ],
)
def test_odd_bodies(body: bytes, number: int) -> None:
    """What is no JSON object is a parse error; an object is kept, whatever it says. Both addresses read alike."""

    async def main() -> None:
        popup = PopupTable(secret_env="CDR_SECRET")
        async with service(config=Config(cdr=CDR, popup=popup)) as it:
            async with it.client.post(PATH, data=body) as answer:
                assert (answer.status, (await answer.json())["Err"]) == (200, number)
            async with it.client.post(POPUP, data=body) as answer:
                assert (answer.status, (await answer.json())["STATUS"]) == ((400, "ERROR") if number else (200, "OK"))

    run(main())


def test_a_wrong_secret_and_other_methods() -> None:
    """The address is the secret: any other is a page that does not exist."""

    async def main() -> None:
        async with service(config=Config(cdr=CDR), tokens={"t" * 32: Visitor("all", EVERYTHING)}) as it:
            odd = (f"/{PATH}", f"///{PATH}", f"{PATH}/", f"/cdr//{SECRET}", f"/cdr/%2F{SECRET}", f"{PATH}//")
            for path in ("/cdr/", "/cdr/wrong", f"{PATH}x", "/cdr", *odd):
                url = URL(f"{str(it.client._base_url).rstrip('/')}{path}", encoded=True)
                async with it.client.post(url, json=NOTIFICATION) as answer:
                    assert answer.status == 404, path
            async with it.client.get(PATH) as answer:
                assert answer.status == 405
            async with it.client.post(PATH, json=NOTIFICATION) as answer:
                assert answer.status == 200  # it needs no token
            async with it.client.post(PATH, data=BytesIO(b"x" * (LARGEST + 1))) as answer:
                assert answer.status == 413

    run(main())


def keeping() -> tuple[list[Frame], Callable[[Frame], asyncio.Future[None]]]:
    """Frames that a journal has taken, and the journal's part."""
    kept: list[Frame] = []

    def keep(frame: Frame) -> asyncio.Future[None]:
        kept.append(frame)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    return kept, keep


def test_a_restarted_service_knows_what_it_has(tmp_path: Path) -> None:
    """From its journal."""
    from calltrack.serve.intake.records import Records

    async def main() -> None:
        kept, keep = keeping()
        first = Records(keep)
        await first.take(json.dumps(NOTIFICATION).encode())
        second = Records(keep)
        second.remember(kept)
        await second.take(json.dumps(NOTIFICATION).encode())
        assert len(kept) == 1
        assert (first.taken, second.taken, second.repeated) == (1, 0, 1)

    run(main())


def test_a_disk_that_refuses_is_an_application_error() -> None:
    """The vendor posts it again."""
    from calltrack.serve.intake.records import Records

    async def main() -> None:
        def keep(frame: Frame) -> asyncio.Future[None]:
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(OSError("full"))
            return failed

        answer = await Records(keep).take(json.dumps(NOTIFICATION).encode())
        assert answer.body["Err"] == 2

    run(main())


def test_a_zone_says_the_offset() -> None:
    """For a service without a stream; in summer another one."""
    from zoneinfo import ZoneInfo

    from calltrack.serve.intake.records import Records

    async def main() -> None:
        kept, keep = keeping()
        records = Records(keep, ZoneInfo("Asia/Jerusalem"))
        for month in (0, 200):
            body = {**NOTIFICATION, "time": 1701343787 + month * 86400}
            await records.take(json.dumps(body).encode())
        offsets = [frame.body.offset_min for frame in kept if isinstance(frame.body, Stated)]
        assert offsets == [120, 180]

    run(main())


# Pop-ups

REQUEST = {
    "phone": "972501234567",
    "callerName": "Lois",
    "ivrid": "2023",
    "extenUser": "SIPSIP1",
    "did": "0722776772",
    "status": "Ringing",
    "direction": "Incoming",
}


def slow(values: dict[str, str]) -> dict[str, str]:
    """A hook that is late."""
    time.sleep(1.0)
    return {"url": "https://late.example/"}


def own(values: dict[str, str]) -> dict[str, str]:
    """A hook that knows the caller."""
    return {"url": f"https://crm.example/{values['call_id']}", "company": "Daily Planet"}


def broken(values: dict[str, str]) -> dict[str, str]:
    """A hook that fails."""
    raise ValueError(values["number"])


def asked(table: PopupTable, origin: str = "") -> tuple[dict[str, Any], str]:
    """The answer to REQUEST, and who may read it."""
    found: list[Any] = []

    async def main() -> None:
        async with service(config=Config(popup=table)) as it:
            headers = {"Origin": origin} if origin else {}
            async with it.client.post(POPUP, json=REQUEST, headers=headers) as answer:
                assert answer.status == 200
                found.extend((await answer.json(), answer.headers.get("Access-Control-Allow-Origin", "")))

    run(main())
    return found[0], found[1]


def test_its_phases_are_evidence() -> None:
    """While the socket is silent a call lives and ends by them, however often each comes."""
    call_id = "2026010109000000000007"
    begun = int(time.time()) + 7200 - 60  # of a clock two hours ahead
    login = Frame.of("loginSuccess", {"servertime": begun, "servertimeoffset": 120, "errorCode": 0})
    phases = [("Ringing", 0, 0), ("Talking", begun + 4, 1), ("Hangup", begun + 4, 1)]

    async def main() -> None:
        async with service(config=Config(popup=PopupTable(secret_env="CDR_SECRET"))) as it:
            it.source.give(login)
            it.source.give(Frame.of("disconnect", {"reason": "transport close"}))
            await it.reached(2)
            for status, answered, flag in phases * 2:
                said = {"status": status, "ivrid": call_id, "callStarted": begun}
                body = {**REQUEST, **said, "callAnswered": answered, "isAnswered": flag}
                async with it.client.post(POPUP, json=body) as answer:
                    assert (await answer.json())["STATUS"] == "OK"
            await it.reached(5)
            code, call = await it.get(f"/api/calls/{call_id}")
            assert code == 200
            assert json.dumps(call).count('"account": "pop-up"') == 3
            assert (call["call"]["ring_s"], call["call"]["outcome"]) == (4, "answered")

    run(main())


TEMPLATE = "https://crm.example/?phone={number}&call={call_id}&who={name}"


def test_a_template_and_a_lookup(tmp_path: Path) -> None:
    """Values are escaped; a number is the same in any notation."""
    people = tmp_path / "people.csv"
    people.write_text("Number,Name,Company\n050-123 4567,Lois Lane,Daily Planet\n")
    answer, origin = asked(PopupTable(secret_env="CDR_SECRET", url=TEMPLATE, lookup=str(people)))

    assert answer == {
        "STATUS": "OK",
        "URL": "https://crm.example/?phone=%2B972501234567&call=2023&who=Lois",
        "CLIENTNAME": "Lois Lane",
        "COMPANY": "Daily Planet",
        "TOTAL": 1,
    }
    assert origin == ""


def test_who_has_no_number_is_not_looked_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rows without one are left out, with their place; no request finds them."""
    people = tmp_path / "people.csv"
    people.write_text("name,number\nLois,0501234567\nAnon Row,anonymous\nSome,n/a\nEmpty,\nShort\n")

    async def main() -> None:
        popups = Popups(PopupTable(secret_env="CDR_SECRET", lookup=str(people)))
        for phone in ('""', "null", '"anonymous"', '"n/a"', '"-"', "false", "{}"):
            answer = await popups.answer(f'{{"phone": {phone}}}'.encode())
            assert (200, "", 0) == (answer.status, answer.body["CLIENTNAME"], answer.body["TOTAL"])
        assert "" == (await popups.answer(b"{}")).body["CLIENTNAME"]
        assert "Lois" == (await popups.answer(b'{"phone": "050-1234567"}')).body["CLIENTNAME"]

    run(main())
    assert [f"[popup]: {people}:3: left out, its number has no digit, nor has that of 3 more lines"] == caplog.messages


def test_a_hook_comes_first() -> None:
    """What it leaves out comes from the template."""
    answer, _ = asked(PopupTable(secret_env="CDR_SECRET", url=TEMPLATE, hook=f"{__name__}:own"))

    assert (answer["URL"], answer["COMPANY"]) == ("https://crm.example/2023", "Daily Planet")


@pytest.mark.parametrize("name", ["slow", "broken"])
def test_a_hook_that_fails_leaves_the_template(name: str) -> None:
    """The agent waits for neither."""
    answer, _ = asked(PopupTable(secret_env="CDR_SECRET", url=TEMPLATE, hook=f"{__name__}:{name}"))

    assert answer["URL"].startswith("https://crm.example/?phone=")


def test_only_named_origins_may_read() -> None:
    """The vendor's browser extension, if the configuration names it."""
    table = PopupTable(secret_env="CDR_SECRET", url=TEMPLATE, origins=frozenset({"chrome-extension://abc"}))

    assert asked(table, "chrome-extension://abc")[1] == "chrome-extension://abc"
    assert asked(table, "https://evil.example")[1] == ""


@pytest.mark.parametrize(
    "table",
    [
        PopupTable(secret_env="CDR_SECRET", url="https://x/{phone}"),
        PopupTable(secret_env="CDR_SECRET", url="javascript:{number}"),
        PopupTable(secret_env="CDR_SECRET", url="https://x/{number"),
        PopupTable(secret_env="CDR_SECRET", lookup="/does/not/exist.csv"),
        PopupTable(secret_env="CDR_SECRET", hook="no.such.module:f"),
        PopupTable(secret_env="CDR_SECRET", hook="json:nothing"),
    ],
)
def test_wrong_tables_are_refused(table: PopupTable) -> None:
    """Before the service starts."""
    with pytest.raises(ConfigError):
        Popups(table)


def test_weak_secrets_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Too short, or not fit for a path."""
    for weak in ("short", "with/slash/and-more-text", ""):
        monkeypatch.setenv("CDR_SECRET", weak)
        with pytest.raises(ConfigError):
            CDR.secret("cdr")
    with pytest.raises(ConfigError):
        CdrTable(secret_file=str(tmp_path / "missing")).secret("cdr")
