"""The Desk, held against what the simulated call centre knows to be true."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from random import Random

import pytest

from calltrack import Frame
from calltrack.live import AnsweredCall, Desk, EndedCall, Endpoints, LoginRefused, MissedCall, RingingCall
from calltrack.simulate import End, Plan, traffic
from calltrack.simulate.recording import encode
from calltrack.simulate.server import Simulator
from tests.frames import all_extensions, call, extension, utc


class Day:
    """A simulated day: the frames as a client gets them, and the ends as they really were."""

    def __init__(self, seed: int) -> None:
        self.frames: list[Frame] = []
        self.ends: list[End] = []
        self.agents: dict[tuple[str, object], int] = {}
        """By call and extension: who was logged on when the call came there."""
        random, logged_on = Random(seed), dict[str, int]()
        for lines, truth in traffic(Plan(agents=12, queues=2), seed=seed, hours=1.5):
            self.frames += [Frame.decode(encode(line, random)) for line in lines]
            self.ends += truth.ends
            logged_on |= {name: agent for name, (agent, _) in truth.agents.items()}
            for name, legs in truth.legs.items():
                for leg in legs:
                    self.agents.setdefault((leg.call, name), logged_on.get(name, 0))


@pytest.fixture(scope="module", params=[1, 2])
def day(request: pytest.FixtureRequest) -> Iterator[Day]:
    yield Day(request.param)


class Calls:
    """Everything that a desk hands out."""

    def __init__(self, desk: Desk) -> None:
        self.ringing: list[RingingCall] = []
        self.answered: list[AnsweredCall] = []
        self.missed: list[MissedCall] = []
        self.ended: list[EndedCall] = []
        desk.on_ringing(self.ringing.append)
        desk.on_answered(self.answered.append)
        desk.on_missed(self.missed.append)
        desk.on_ended(self.ended.append)


def played(day: Day) -> Calls:
    desk = Desk()
    reported = Calls(desk)
    desk.play(day.frames)
    return reported


def test_every_call_that_ended_is_handed_out_once(day: Day) -> None:
    """No more, no fewer."""
    reported = played(day)
    true = {end.call for end in day.ends if end.what == "call"}

    assert len(reported.ended) == len({one.call_id for one in reported.ended})
    assert true <= {one.call_id for one in reported.ended}
    assert not [one for one in reported.ended if one.revised]


def test_every_agent_who_talked_is_named(day: Day) -> None:
    """And no other; with their extensions, of which some have no agent at the time."""
    talked: dict[str, set[object]] = defaultdict(set)
    for end in day.ends:
        if end.what == "leg" and end.answered:
            talked[end.call].add(end.where)
    calls = {end.call for end in day.ends if end.what == "call"}
    reported = [one for one in played(day).ended if one.call_id in calls and one.direction == "Incoming"]

    assert len(reported) > 20
    assert {one.call_id: talked[one.call_id] for one in reported} == {
        one.call_id: set(one.extensions) for one in reported
    }
    for one in reported:
        agents = {day.agents[one.call_id, name] for name in one.extensions} - {0}
        assert agents == set(one.agent_ids)
        assert len(agents) == len(one.agents)


def test_every_missed_call_and_nothing_else(day: Day) -> None:
    """Those that waited in a queue until they gave up, without a word to an agent."""
    calls = {end.call for end in day.ends if end.what == "call"}
    waited = {end.call for end in day.ends if end.what == "wait"}
    talked = {end.call for end in day.ends if end.what == "leg" and end.answered}
    missed = {one.call_id for one in played(day).missed if one.call_id in calls}

    assert missed & waited == (calls & waited) - talked
    assert not missed & talked
    assert len(missed) > 3


def test_what_rings_and_is_answered(day: Day) -> None:
    """Each leg once, with the agent who is logged on."""
    reported = played(day)

    assert len(reported.ringing) > 20
    assert all(one.agent_id for one in reported.answered)
    ended = {one.call_id: one for one in reported.ended}
    rang = [one for one in reported.ringing if one.call_id in ended]
    assert all(one.exten_user in ended[one.call_id].rang_at for one in rang)


def incoming() -> list[Frame]:
    """A call that rings, is answered and ends; then a minute, after which that is final."""
    ring, talk = call("c1", "Ringing"), call("c1", "Talking", answered_at=5)
    return [
        all_extensions(0, SIP1=[]),
        extension(1, "SIP1", "NEWCALL", ring, [ring]),
        extension(5, "SIP1", "ANSWER", talk, [talk]),
        extension(20, "SIP1", "HANGUP", talk, []),
        all_extensions(90, SIP1=[]),
    ]


def test_an_end_is_handed_out_when_it_is_final() -> None:
    """A minute of stream time later, or when the frames end; at once with `final_s=0`."""
    seen = []
    for count, final_s in ((4, 61), (5, 61), (4, 0)):
        desk = Desk(final_s=final_s)
        order: list[str] = []
        desk.on_ended(lambda one, order=order: order.append(one.call_id))

        def frames(count: int = count, order: list[str] = order) -> Iterator[Frame]:
            yield from incoming()[:count]
            order.append("last frame read")

        desk.play(frames())
        seen.append(order)

    assert [["last frame read", "c1"], ["c1", "last frame read"], ["c1", "last frame read"]] == seen


def test_a_handler_that_fails_is_logged_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """Without the message of its error, which may hold a phone number."""
    desk = Desk()

    @desk.on_answered
    def fails(answered: AnsweredCall) -> None:
        raise ValueError(f"secret {answered.phone}")

    reported = Calls(desk)
    with caplog.at_level(logging.ERROR, "calltrack.live"):
        desk.play(incoming())

    assert (1, 1) == (len(reported.answered), len(reported.ended))
    assert ["handler failed: handler=fails error=ValueError"] == caplog.messages
    assert desk.failed is None


def test_a_handler_that_fails_stops_the_desk_by_choice() -> None:
    """And the desk says what failed."""
    desk = Desk(on_error="stop")

    @desk.on_ringing
    def fails(ringing: RingingCall) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        desk.play(incoming())
    assert (True, False) == (isinstance(desk.failed, ValueError), desk.connected)
    with pytest.raises(ValueError, match="no"):
        desk.wait_known()


def test_health_follows_the_frames() -> None:
    """Connected while frames arrive; known once the list of all extensions has come."""
    desk = Desk()
    seen: list[tuple[bool, bool]] = []

    def frames() -> Iterator[Frame]:
        for frame in (*incoming(), Frame.of("disconnect", {"reason": "gone"})):
            yield frame
            seen.append((desk.connected, desk.wait_known(0)))

    assert (False, None) == (desk.connected, desk.last_frame_at)
    desk.play(frames())
    assert [*[(True, True)] * 5, (False, False)] == seen
    assert utc(90) == desk.last_frame_at
    assert not desk.connected
    assert not desk.wait_known(0)


def test_coroutine_functions_need_a_loop() -> None:
    """`play` says so before anything is lost."""
    desk = Desk()

    @desk.on_ringing
    async def pop(ringing: RingingCall) -> None:
        pass

    with pytest.raises(TypeError, match="pop is a coroutine function"):
        desk.play(incoming())


def test_a_desk_follows_the_live_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a thread of its own, with plain and coroutine functions; `stop` ends it."""
    monkeypatch.setenv("NO_PROXY", "*")

    async def scene() -> tuple[Desk, Calls, list[str]]:
        async with Simulator(Plan(agents=10), speed=600.0) as simulator:
            desk, names, enough = Desk(), list[str](), asyncio.Event()
            reported, loop = Calls(desk), asyncio.get_running_loop()

            @desk.on_answered
            async def remember(answered: AnsweredCall) -> None:
                names.append(answered.agent_name)

            @desk.on_ended
            def count(ended: EndedCall) -> None:
                if len(reported.ended) > 3:
                    loop.call_soon_threadsafe(enough.set)

            desk.start(token="simulated-account-token", endpoints=Endpoints.older(simulator.url))
            assert await asyncio.to_thread(desk.wait_known)
            assert desk.connected
            assert desk.snapshot().extensions
            await enough.wait()
            await asyncio.to_thread(desk.stop)
            return desk, reported, names

    desk, reported, names = asyncio.run(scene())
    assert not desk.connected
    assert names
    assert names == [one.agent_name for one in reported.answered][: len(names)]
    assert len(reported.answered) - len(names) <= 1  # `stop` may come before a handler that is a coroutine has begun


def test_a_refused_login_is_said_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the one who waits, by `failed`, and on stopping; never by a state that stands still."""
    monkeypatch.setenv("NO_PROXY", "*")

    async def scene() -> None:
        async with Simulator(Plan(agents=2)) as simulator:
            desk = Desk().start(token="wrong", endpoints=Endpoints.older(simulator.url))
            with pytest.raises(LoginRefused):
                await asyncio.to_thread(desk.wait_known)
            assert isinstance(desk.failed, LoginRefused)
            assert not desk.connected
            with pytest.raises(LoginRefused):
                await asyncio.to_thread(desk.stop)

    asyncio.run(scene())


def test_records_are_plain_values_on_demand(day: Day) -> None:
    """For JSON, pandas and web frameworks."""
    one = played(day).ended[0].to_dict()

    assert {"call_id", "phone", "agent_name", "outcome", "talk_s", "recording"} <= one.keys()
    assert all(type(value) in (str, int, float, bool, list, tuple, type(None)) for value in one.values())
