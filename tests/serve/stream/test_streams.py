from __future__ import annotations

import asyncio
import json
import re
import socket
from itertools import islice
from pathlib import Path
from random import Random

import aiohttp
import msgspec
import pytest

from calltrack import Frame, Tracker, read_recording
from calltrack.feed.wallclock import ServerClock
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.serve.stream.state import View
from calltrack.simulate import Plan, traffic
from calltrack.simulate.recording import encode
from tests.live.harness import scenario
from tests.serve.service import TIMEOUT, Fed, events, service
from tests.serve.stream.board import KEYS, Board, Record, bare

FRAMES: list[Frame] = list(
    read_recording(Path(__file__).parents[3] / "fixtures" / "scenarios" / "queue-rings-again.jsonl")
)


_DAY = (
    Frame.decode(encode(line, Random(0))) for lines, _ in traffic(Plan(agents=30), seed=3, hours=24) for line in lines
)
_SIMULATED: list[Frame] = []


def simulated(count: int) -> list[Frame]:
    """The first frames of a call centre's day, each simulated once for all tests."""
    _SIMULATED.extend(islice(_DAY, max(0, count - len(_SIMULATED))))
    return _SIMULATED[:count]


def expected() -> list[tuple[str, object]]:
    """Every change of the recording with its place, from a tracker alone."""
    tracker, found = Tracker(), list[tuple[str, object]]()
    for position, frame in enumerate(FRAMES, 1):
        for number, change in enumerate(tracker.feed(frame), 1):
            found.append((f"{position}.{number}", json.loads(msgspec.json.encode(change))))
    return found


@scenario
async def test_from_any_position_on_nothing_is_lost_or_doubled() -> None:
    """The stream after a place is the whole stream's rest."""
    whole = expected()
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        for begin in (0, 1, len(whole) // 2, len(whole) - 1):
            after = "0" if begin == 0 else whole[begin - 1][0]
            async with running.client.get("/api/changes", headers={"Last-Event-ID": after}) as answer:
                reported = events(answer)
                heard = [await anext(reported) for _ in whole[begin:]]
            assert whole[begin:] == [(one.id, one.data) for one in heard]


@scenario
async def test_the_board_gets_the_state_and_then_what_alters() -> None:
    """Put together they are the state at the end."""
    async with service() as running:
        running.source.give(*FRAMES[:5])
        await running.reached(5)
        async with running.client.get("/api/updates") as answer:
            reported = events(answer)
            first = await anext(reported)
            running.source.give(*FRAMES[5:])
            board = Board()
            board.take(first.event, first.data)
            while (heard := await anext(reported)).id != str(len(FRAMES)):
                board.take(heard.event, heard.data)
            board.take(heard.event, heard.data)
        _, state = await running.get("/api/state")

    assert "state" == first.event
    for kind in ("calls", "extensions", "queues"):
        assert [bare(one) for one in state[kind]] == board.shown(kind)


@scenario
async def test_messages_of_a_slow_websocket_stay_apart() -> None:
    """Each is an array of its own, however many wait."""
    async with service() as running, running.client.ws_connect("/api/socket?after=0") as ws:
        for number, frame in enumerate(FRAMES, 1):
            running.source.give(frame)
            while running.engine.view.snapshot.position < number:
                await asyncio.sleep(0)
            running.engine.hub.beat()
        heard: list[object] = []
        while len(heard) < len(expected()):
            heard += [one["data"] for one in await ws.receive_json() if one["event"] == "change"]

    assert [change for _, change in expected()] == heard


@scenario
async def test_a_websocket_gets_the_same() -> None:
    """In arrays of events; filters are the same too."""
    whole = expected()
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        async with running.client.ws_connect("/api/socket?after=0") as ws:
            heard: list[tuple[str, object]] = []
            while len(heard) < len(whole):
                heard += [(one["id"], one["data"]) for one in await ws.receive_json()]
        async with running.client.ws_connect("/api/socket?after=0&kinds=CallEnded,QueueLeft&queue=55") as ws:
            ends: list[str] = []
            while len(ends) < 2:
                ends += [one["data"]["change"] for one in await ws.receive_json()]
        refused = [
            {"Origin": "http://evil.example"},
            {"Host": "evil.example"},
        ]
        for headers in refused:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await running.client.ws_connect("/api/socket", headers=headers)

    assert whole == heard
    assert ["QueueLeft", "CallEnded"] == ends


@scenario
async def test_a_stuck_client_harms_no_one() -> None:
    """It owns no memory here, others hear everything at once, and when it reads again it has lost nothing."""
    frames = simulated(1500)
    async with service() as running:
        loop, port = asyncio.get_running_loop(), running.client._base_url.port  # type: ignore[union-attr]
        stuck = socket.socket()
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.setblocking(False)
        await loop.sock_connect(stuck, ("127.0.0.1", port))
        await loop.sock_sendall(stuck, b"GET /api/changes?after=0 HTTP/1.0\r\nHost: localhost\r\n\r\n")
        async with running.client.get("/api/changes?after=0") as answer:
            reported = events(answer)
            running.source.give(*frames)
            async with asyncio.timeout(TIMEOUT):
                while (one := await anext(reported)).id.partition(".")[0] != str(len(frames)):
                    pass
        last, text = one.id.encode(), b""
        async with asyncio.timeout(TIMEOUT):
            while b"\nid: " + last.partition(b".")[0] not in text:
                text += await loop.sock_recv(stuck, 1 << 20)
        stuck.close()
        ids = re.findall(rb"^id: (\d+\.\d+)$", text, re.MULTILINE)
        tracker, count = Tracker(), 0
        for frame in frames:
            count += len(tracker.feed(frame))

    assert len(ids) == len(set(ids))
    assert count - 20 <= len(ids) <= count


@scenario
async def test_places_are_limited() -> None:
    """Who comes too many is asked to come back."""
    async with service() as running:
        running.engine.hub.most_clients = 1
        async with running.client.get("/api/updates") as answer:
            await anext(events(answer))
            full, reported = await running.get("/api/changes")
        while running.engine.hub.clients:
            await asyncio.sleep(0)
        async with running.client.get("/api/changes") as answer:
            assert "time" == (await anext(events(answer))).event

    assert (503, "all places are taken; try again") == (full, reported["detail"])


@scenario
async def test_a_position_that_is_not_here_begins_anew() -> None:
    """With the state, and the reason."""
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        async with running.client.get("/api/changes?after=999.1") as answer:
            reset = await anext(events(answer))

    assert ("reset", str(len(FRAMES))) == (reset.event, reset.id)
    assert "another journal" in reset.data["reason"]
    assert str(len(FRAMES)) == reset.data["state"]["position"]


@scenario
async def test_a_text_that_is_no_position_is_refused() -> None:
    """With how one looks."""
    async with service() as running:
        status, reported = await running.get("/api/changes?after=1,2")

    assert (400, "'1,2' is no position; one looks like 1234.2, or 1234") == (status, reported["detail"])


@scenario
async def test_who_was_away_for_long_reads_from_the_journal() -> None:
    """What memory has no more comes from there, and joins what it has without a seam; also for a filter and a role."""
    frames = simulated(3000)
    tracker, whole = Tracker(), list[str]()
    for position, frame in enumerate(frames, 1):
        for number, change in enumerate(tracker.feed(frame), 1):
            if type(change).__name__ in ("CallEnded", "CallStarted"):
                whole.append(f"{position}.{number}")
    async with service() as running:
        running.source.give(*frames)
        await running.reached(len(frames))
        running.engine.hub.flush()
        assert running.engine.hub._floor.frame > 100
        async with running.client.get("/api/changes?after=0&kinds=CallEnded,CallStarted") as answer:
            reported = events(answer)
            heard = [(await anext(reported)).id for _ in whole]

    assert whole == heard


@scenario
async def test_a_quiet_stream_shows_the_time_only() -> None:
    """A place to go on from, and nothing that was sent already; to the board as well."""
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        running.engine.hub.flush()
        async with running.client.get("/api/updates") as board, running.client.get("/api/changes") as all_changes:
            streams = [events(board), events(all_changes)]
            first = [(await anext(stream)).event for stream in streams]
            for _ in range(2):
                running.engine.hub.beat()
            heard = [[await anext(stream) for _ in range(2)] for stream in streams]

    assert ["state", "time"] == first
    assert [["time"] * 2] * 2 == [[one.event for one in some] for some in heard]
    assert {str(len(FRAMES))} == {one.id for some in heard for one in some}


LITTLE = Scope(queues=frozenset(["5001"]), extensions=frozenset(["SIP00001"]), phone_numbers=False)


@pytest.mark.parametrize("scope", [EVERYTHING, LITTLE])
def test_who_follows_the_updates_has_the_state(scope: Scope) -> None:
    """From wherever a board begins; a call that is as it was but for its evidence is not among them."""
    tracker, clock, random = Tracker(), ServerClock(1.0), Random(1)
    view, boards, before = View(tracker.snapshot, clock, Fed()), list[Board](), dict[str, Record]()
    for frame in simulated(600):
        tracker.feed(frame)
        view.stale()
        if random.random() < 0.9:
            continue
        if random.random() < 0.1 and len(boards) < 4:
            boards.append(Board())
            boards[-1].take("state", msgspec.json.decode(view.board_json(scope)))
        update = msgspec.json.decode(msgspec.json.encode(view.update(scope)))
        assert view.update(scope) is None
        for board in boards:
            board.take("update", update or {})
        state = msgspec.json.decode(view.state_json(scope))
        calls = {one["call_id"]: bare(one) for one in state["calls"]}
        if before:
            others = {id for id, one in calls.items() if one != before.get(id)}
            assert others == {one["call_id"] for one in (update or {}).get("calls", ())}
        before = calls
        for board in boards:
            for kind in ("calls", "extensions", "queues"):
                key = KEYS[kind]
                assert {one[key]: one for one in board.shown(kind)} == {one[key]: bare(one) for one in state[kind]}
            ended = {one["call_id"]: bare(one) for one in state["ended"]}
            assert all(one == ended.get(one["call_id"], one) for one in board.shown("ended"))

    assert boards
