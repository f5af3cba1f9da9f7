from __future__ import annotations

from calltrack import Frame
from tests.live.harness import scenario
from tests.serve.service import events, service
from tests.serve.stream.test_streams import FRAMES


@scenario
async def test_the_state_is_not_sent_twice() -> None:
    """An ETag that still holds is answered with 304, and a frame makes it another."""
    async with service() as running:
        running.source.give(*FRAMES[:5])
        await running.reached(5)
        async with running.client.get("/api/state") as answer:
            tag, state = answer.headers["etag"], await answer.json()
        again, _ = await running.get("/api/state", headers={"If-None-Match": tag})
        running.source.give(FRAMES[5])
        await running.reached(6)
        later, _ = await running.get("/api/state", headers={"If-None-Match": tag})

    assert ("5", True) == (state["position"], state["known"])
    assert (304, 200) == (again, later)


@scenario
async def test_a_call_is_reported_with_its_story() -> None:
    """In words and as stretches of time; an unknown one is 404."""
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        _, reported = await running.get("/api/calls/2026010109000000000001")
        missing, _ = await running.get("/api/calls/1")

    assert "answered" == reported["call"]["outcome"]
    assert reported["complete"]
    assert reported["verdict"].startswith("Answered by Lois Lane (SIPSIP2)")
    assert "answered by Lois Lane after 0:34" in [line["what"] for line in reported["story"]]
    rows = [(one["row"], one["state"], one["until"] - one["since"]) for one in reported["timeline"]]
    assert [
        ("queue 55", "Queued", 34),
        ("SIPSIP1 #1", "Ringing", 15),
        ("SIPSIP1 #2", "Ringing", 4),
        ("SIPSIP2 #3", "Ringing", 6),
        ("SIPSIP2 #3", "Talking", 61),
    ] == rows
    assert 404 == missing


@scenario
async def test_ready_is_who_knows_the_state() -> None:
    """Not before the first frame, and not while the connection is lost."""
    async with service() as running:
        begun, _ = await running.get("/health/ready")
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        known, _ = await running.get("/health/ready")
        running.source.give(Frame.of("disconnect", {"reason": "transport close"}))
        await running.reached(len(FRAMES) + 1)
        lost, _ = await running.get("/health/ready")
        alive, _ = await running.get("/health/live")

    assert (503, 200, 503, 200) == (begun, known, lost, alive)


@scenario
async def test_now_is_now_however_long_ago_the_last_frame_was() -> None:
    """What is kept of an answer is its records, never its time."""
    async with service() as running:
        running.source.give(*FRAMES[:5])
        await running.reached(5)
        _, first = await running.get("/api/state")
        _, later = await running.get("/api/state")

    assert first["now"] < later["now"]
    assert [first[name] for name in ("position", "time", "calls")] == [
        later[name] for name in ("position", "time", "calls")
    ]


@scenario
async def test_when_a_recording_has_ended_its_clock_stands() -> None:
    """And everyone learns of it: those who listen at once, those who ask although no frame has arrived since."""
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        async with running.client.get("/api/state") as answer:
            tag, before = answer.headers["ETag"], await answer.json()
        async with running.client.get("/api/updates") as answer:
            reported = events(answer)
            await anext(reported)
            running.source.end()
            while (last := await anext(reported)).event != "time":
                pass
        _, after = await running.get("/api/state", headers={"If-None-Match": tag})
        _, later = await running.get("/api/state")

    assert (1, 0) == (before["speed"], last.data["speed"])
    assert (0, last.data["now"]) == (after["speed"], after["now"]) == (later["speed"], later["now"])
