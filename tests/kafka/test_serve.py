"""An account on Kafka, served over HTTP by any node; its broker, workers and connectors are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from calltrack import Tracker, read_recording
from calltrack.cli.kafkaaccounts import kafka_accounts
from calltrack.core.errors import RecordingError
from calltrack.figures import Facts
from calltrack.kafka.errors import ClusterError
from calltrack.serve.accounts import OnlyAccount
from calltrack.serve.config import Config
from calltrack.serve.engine import Engine
from calltrack.serve.fleet.account import KafkaAccount
from calltrack.serve.fleet.past import ChangesReader
from calltrack.serve.parts import Parts
from calltrack.serve.run import Listen, serve
from calltrack.serve.security.access import Access, Visitor
from calltrack.serve.security.scope import EVERYTHING
from tests.kafka.broker import missing
from tests.kafka.fleet import Fleet
from tests.live.harness import scenario
from tests.serve.service import events

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing()), reason=f"NO TEST ON A REAL BROKER: {missing()}"),
]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three accounts, one worker, one connector; frames come all the time."""
    folder = tmp_path_factory.mktemp("broker")
    with Fleet(folder, accounts=3, partitions=2, workers=1, connectors=1, speed=300.0, point_every=2.0) as running:
        running.until_frames(200)
        yield running


@asynccontextmanager
async def served(url: str, folder: Path) -> AsyncIterator[tuple[Engine, aiohttp.ClientSession]]:
    """The service of an account on a free port."""
    account = KafkaAccount(url, folder / "state")
    engine = Engine(account, account, anew=False, reader=partial(ChangesReader, url))
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(OnlyAccount(Parts.of(engine)), Access({}), Listen("127.0.0.1", 0), address.set_result)
    )
    try:
        await asyncio.wait((serving, address), return_when=asyncio.FIRST_COMPLETED)
        async with aiohttp.ClientSession(await address) as client:
            yield engine, client
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def get(client: aiohttp.ClientSession, path: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    """The status and JSON of an answer."""
    async with client.get(path) as answer:
        return answer.status, await answer.json()


@scenario
async def test_the_state_is_that_of_the_whole_stream(fleet: Fleet, tmp_path: Path) -> None:
    """Begun from a stored state and followed, it is what all frames of the account make; two nodes have the same."""
    url = f"kafka://{fleet.brokers.url}/account0"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with served(url, tmp_path / "a") as (engine, client), served(url, tmp_path / "b") as (other, _):
        began = engine.tracker.snapshot().position
        async with asyncio.timeout(120):
            while engine.tracker.snapshot().position < began + 20:
                await asyncio.sleep(0.05)
        position = engine.tracker.snapshot().position
        state = engine.tracker.snapshot().to_json()
        recording = read_recording(url)
        whole = Tracker()
        for frame in recording:
            whole.feed(frame)
            if recording.frames == position:
                break
        async with asyncio.timeout(60):
            while other.tracker.snapshot().position < position:
                await asyncio.sleep(0.02)
        status, answer = await get(client, "/api/state")

    assert position > 20
    assert whole.snapshot().to_json() == state
    assert (200, True) == (status, int(answer["position"]) >= position)
    assert "account0 on Kafka at " in answer["source"]


@scenario
async def test_the_past_comes_from_changes(fleet: Fleet, tmp_path: Path) -> None:
    """Missed changes, a call's story and the day's figures, as workers wrote them."""
    url = f"kafka://{fleet.brokers.url}/account1"
    async with served(url, tmp_path) as (engine, client):
        began = engine.tracker.snapshot().position
        numbers = []
        async with client.get(f"/api/changes?after={began - 30}.0") as answer:
            async with asyncio.timeout(120):
                async for event in events(answer):
                    if event.event not in ("time", "reset"):
                        numbers.append(event.id)
                    if len(numbers) > 40:
                        break
        async with asyncio.timeout(60):
            while not engine.figures.ready:
                await asyncio.sleep(0.02)
        figures = (await get(client, "/api/kpis"))[1]
        ended = (await get(client, "/api/calls?ended=true&limit=1"))[1]["items"]
        story = (await get(client, f"/api/calls/{ended[0]['call_id']}"))[1]
        past = await get(client, "/api/state?at=2020-01-01")

    frames = [int(number.split(".")[0]) for number in numbers]
    assert frames == sorted(frames)
    assert frames[0] <= began
    assert figures["report"]["total"]["calls"]
    assert story["complete"]
    assert "CallStarted" == story["story"][0]["change"]
    assert 410 == past[0]


def test_the_figures_are_those_of_the_frames(fleet: Fleet) -> None:
    """Every row that changes make is the row that frames make."""
    url = f"kafka://{fleet.brokers.url}/account2"
    reader = ChangesReader(url)
    reader.facts((0, None), 0)
    position = reader._made[-1].frame
    facts, expected, tracker = reader.facts((0, None), position), Facts(), Tracker()
    for number, frame in enumerate(read_recording(url), 1):
        if number > position:
            break
        expected.apply(tracker.feed(frame), tracker.time)
    for one in (facts, expected):
        one.learn(tracker.snapshot())

    assert len(facts.rows().calls) > 3
    assert expected.rows() == facts.rows()


def test_an_account_that_is_not_there_is_an_error(fleet: Fleet) -> None:
    """With those of a similar name."""
    with pytest.raises(RecordingError, match="no such account, and no frames of it; there are: account"):
        KafkaAccount(f"kafka://{fleet.brokers.url}/acount1", Path("state"))


@pytest.mark.slow
def test_a_fleet_that_is_not_there_is_an_error() -> None:
    """Before anything is served."""
    with pytest.raises(ClusterError, match="no broker answers"):
        KafkaAccount("kafka://127.0.0.1:9/acme", Path("state"))


@scenario
async def test_one_process_serves_every_account(fleet: Fleet, tmp_path: Path) -> None:
    """Each under its name; what a role may not see is not there."""
    doors = Access({"secret" * 5: Visitor("one", EVERYTHING, accounts=frozenset({"account1"}))})
    many = kafka_accounts(f"kafka://{fleet.brokers.url}", tmp_path, Config(), None, doors)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(many, doors, Listen("127.0.0.1", 0), address.set_result))
    try:
        headers = {"Authorization": f"Bearer {'secret' * 5}"}
        async with aiohttp.ClientSession(await address, headers=headers) as client, asyncio.timeout(60):
            while any(account.parts is None for account in many.all.values()):
                await asyncio.sleep(0.05)
            answers = [(await get(client, f"/accounts/account{number}/api/state"))[0] for number in range(2)]
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    assert {"account0", "account1", "account2"} == {*many.all}
    assert [404, 200] == answers
