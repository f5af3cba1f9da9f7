"""Tokens are added and withdrawn while the service runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from calltrack.serve.security.access import SESSION_LIFE, Access, Visitor, access
from calltrack.serve.security.guard import COOKIE
from calltrack.serve.security.reload import Reloading
from calltrack.serve.security.scope import EVERYTHING
from tests.live.harness import scenario
from tests.serve.security.test_access import ALL, DESK, FILE, written
from tests.serve.security.test_guard import bearer
from tests.serve.service import Event, Service, events, service
from tests.serve.stream.test_streams import FRAMES


def test_another_file_holds_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Sessions of changed roles end; a file that cannot be used changes nothing, and an empty one opens no door."""
    doors, ended = access(written(tmp_path, FILE)), list[str]()
    reloading = Reloading(doors, lambda: ended.append("changed"))
    wall, desk = doors.by_token(ALL), doors.by_token(DESK)
    assert wall and desk
    sessions = doors.log_in(wall), doors.log_in(desk)
    reloading.look()
    written(tmp_path, FILE.replace(DESK, "other-" + "o" * 28))
    reloading.look()

    assert ["changed"] == ended
    assert doors.by_token(DESK) is None
    assert desk == doors.by_token("other-" + "o" * 28)
    assert (wall, None) == tuple(map(doors.by_session, sessions))
    for text, mode in (("token = []", 0o600), ("nonsense", 0o600), (FILE, 0o644)):
        written(tmp_path, text, mode)
        reloading.look()
        assert wall == doors.by_token(ALL) and not doors.open
    (tmp_path / "tokens.toml").unlink()
    reloading.look()
    assert wall == doors.by_token(ALL)
    assert 4 == len([one for one in caplog.messages if one.startswith("the tokens stay as they were")])
    assert ALL not in caplog.text


@scenario
async def test_a_withdrawn_token_ends_its_streams(tmp_path: Path) -> None:
    """And no others; what the role's new token asks for goes on where it was."""
    doors = access(written(tmp_path, FILE))
    async with service(doors=doors) as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        running.engine.hub.flush()
        streams = [running.client.get("/api/changes", headers=bearer(token)) for token in (ALL, DESK)]
        async with await streams[0] as wall, await streams[1] as desk:
            heard = [events(wall), events(desk)]
            assert ["time", "time"] == [(await anext(one)).event for one in heard]
            written(tmp_path, FILE.replace(DESK, "other-" + "o" * 28))
            Reloading(doors, lambda: None).again()
            running.engine.hub.beat()
            assert [] == [one async for one in heard[1]]
            assert "time" == (await anext(heard[0])).event
            gone, _ = await running.get("/api/state", headers=bearer(DESK))
            here, _ = await running.get("/api/state", headers=bearer("other-" + "o" * 28))

    assert (401, 200) == (gone, here)


def test_a_file_that_is_put_in_its_place_is_noticed(tmp_path: Path) -> None:
    """As editors and secret stores write: another file of the same name, even of the same size and time."""
    path = written(tmp_path, FILE)
    doors = access(path)
    reloading = Reloading(doors, lambda: None)
    new = tmp_path / "new"
    new.write_text(FILE.replace(DESK, DESK[:-1] + "x"))
    new.chmod(0o600)
    os.utime(new, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new.replace(path)
    reloading.look()

    assert doors.by_token(DESK) is None


@scenario
async def test_streams_end_with_their_session(tmp_path: Path) -> None:
    """When one logs out, and after its time; those of another session of the role go on."""
    now = [0.0]
    doors = Access({ALL: Visitor("wallboard", EVERYTHING)}, clock=lambda: now[0])
    async with service(doors=doors) as running, AsyncExitStack() as stack:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        running.engine.hub.flush()
        wall = doors.by_token(ALL)
        assert wall
        headers = [{"cookie": f"{COOKIE}={doors.log_in(wall)}"} for _ in range(2)]
        first = [await heard(stack, running, path, headers[0]) for path in ("/api/changes", "/api/updates")]
        socket = await stack.enter_async_context(running.client.ws_connect("/api/socket", headers=headers[0]))
        await socket.receive()
        second = await heard(stack, running, "/api/changes", headers[1])
        third = await heard(stack, running, "/api/changes", bearer(ALL))
        async with running.client.delete("/api/session", headers=headers[0]) as answer:
            assert 204 == answer.status
        running.engine.hub.beat()
        assert [[], []] == [[one async for one in stream] for stream in first]
        assert 1001 == (await socket.receive()).data
        assert ["time", "time"] == [(await anext(one)).event for one in (second, third)]
        now[0] = SESSION_LIFE
        running.engine.hub.beat()
        assert [] == [one async for one in second]
        assert "time" == (await anext(third)).event


async def heard(stack: AsyncExitStack, running: Service, path: str, headers: dict[str, str]) -> AsyncIterator[Event]:
    """A stream of which the first event has come."""
    answer = await stack.enter_async_context(running.client.get(path, headers=headers))
    assert 200 == answer.status
    stream = events(answer)
    await anext(stream)
    return stream
