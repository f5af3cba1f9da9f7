from __future__ import annotations

import json
from pathlib import Path

import msgspec

from calltrack import Frame, Tracker, read_recording
from tests.live.harness import scenario
from tests.serve.service import events, service

FRAMES: list[Frame] = list(
    read_recording(Path(__file__).parent.parent.parent / "fixtures" / "scenarios" / "queue-rings-again.jsonl")
)


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
                told = events(answer)
                heard = [await anext(told) for _ in whole[begin:]]
            assert whole[begin:] == [(one.id, one.data) for one in heard]


@scenario
async def test_the_board_gets_the_state_and_then_what_alters() -> None:
    """Put together they are the state at the end."""
    async with service() as running:
        running.source.give(*FRAMES[:5])
        await running.reached(5)
        async with running.client.get("/api/updates") as answer:
            told = events(answer)
            first = await anext(told)
            running.source.give(*FRAMES[5:])
            calls = {call["call_id"]: call for call in first.data["calls"]}
            extensions = {one["exten_user"]: one for one in first.data["extensions"]}
            while (heard := await anext(told)).id != str(len(FRAMES)):
                calls.update((call["call_id"], call) for call in heard.data.get("calls", ()))
                extensions.update((one["exten_user"], one) for one in heard.data.get("extensions", ()))
            extensions.update((one["exten_user"], one) for one in heard.data.get("extensions", ()))
            for ended in heard.data["ended"]:
                del calls[ended["call_id"]]
        _, state = await running.get("/api/state")

    assert "state" == first.event
    assert state["calls"] == list(calls.values())
    assert state["extensions"] == list(extensions.values())
