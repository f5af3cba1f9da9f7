"""Calls found by words: what `calltrack find` finds, from the store or from the frames, and what a role may find."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from calltrack import Tracker
from calltrack.cli.found import Found as FoundByCommand
from calltrack.core.snapshot import Snapshot
from calltrack.figures.days import zone_of
from calltrack.serve.history import search
from calltrack.serve.history.follower import recount
from calltrack.serve.history.reading import JournalReader
from calltrack.serve.history.search import Asked, found
from calltrack.serve.history.store import Store, beside
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.numbers import masked
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.words.finding import Calls, Traits, find, traits
from tests.journal.stream import simulated, written
from tests.live.harness import scenario
from tests.serve.security.test_guard import bearer
from tests.serve.service import service
from tests.serve.stream.test_streams import FRAMES

SEEN = simulated()[:800]
NUMBERLESS = Scope(phone_numbers=False)


def known() -> tuple[Snapshot, list[Traits]]:
    tracker, calls = Tracker(), Calls()
    for frame in SEEN:
        calls.see(tracker.feed(frame))
    return tracker.snapshot(), calls.all(tracker.snapshot().calls)


KNOWN, EVERY = known()
CALL = next(call for call in KNOWN.ended[len(KNOWN.ended) // 2 :] if call.caller and call.past_legs and call.answered)
AGENT = next(leg.agent_name for leg in CALL.past_legs if leg.agent_name)
LOCAL = f"0{CALL.caller.removeprefix('972').removeprefix('0')}"
PREFIX = CALL.call_id[:4]
WORDS: list[tuple[str, ...]] = [
    (CALL.call_id,),
    (CALL.call_id[-6:],),
    (LOCAL,),
    (f"+972-{LOCAL[1:3]}-{LOCAL[3:6]} {LOCAL[6:]}",),
    (AGENT.split()[0].upper(),),
    (AGENT, CALL.past_legs[0].exten_user),
    (LOCAL, AGENT),
    ("12:0", "nobody"),
    (PREFIX,),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal, whose store has all but the last frames."""
    path = written(tmp_path_factory.mktemp("journal") / "journal", SEEN)
    recount(JournalReader(path), len(SEEN) - 100)
    made = beside(path)
    made.with_name(f"{made.name}-new").rename(made)
    return path


ZONE = zone_of(KNOWN.resume.offset_s)


def asked(path: Path, asked: Asked, scope: Scope = EVERYTHING) -> search.Found:
    reader = JournalReader(path)
    answer = found(reader, asked, KNOWN.calls, KNOWN.position, KNOWN.time, ZONE, scope)
    reader.close()
    return answer


def ids(calls: Iterable[Traits]) -> list[str]:
    return [one.call_id for one in calls]


@pytest.mark.parametrize("words", WORDS)
def test_it_finds_what_the_command_finds(path: Path, words: tuple[str, ...]) -> None:
    """From the store and the frames after it; newest first."""
    expected = ids(find(EVERY, words, ZONE, KNOWN.time))[::-1]

    assert expected == ids(asked(path, Asked(words, limit=1000)).calls)
    assert bool(expected) == (words != ("12:0", "nobody"))


def test_the_command_knows_the_same_calls(path: Path) -> None:
    """And the same clock."""
    command = FoundByCommand(str(path), (LOCAL, AGENT), strict=False)

    assert ids(command.matches)[::-1] == ids(asked(path, Asked((LOCAL, AGENT))).calls)
    assert command.zone == ZONE


def test_without_a_store_the_frames_are_read(path: Path, tmp_path: Path) -> None:
    """All of them, or from a moment on."""
    alone = tmp_path / "journal"
    alone.write_bytes(path.read_bytes())

    for asking in (Asked((PREFIX,), limit=1000), Asked((AGENT,), CALL.started or 0)):
        assert ids(asked(path, asking).calls) == ids(asked(alone, asking).calls)


def test_some_of_the_calls(path: Path) -> None:
    """Those that lived between two moments; page by page; and a count of all."""
    everything = asked(path, Asked((PREFIX,), limit=10_000))
    some = asked(path, Asked((PREFIX,), limit=3, offset=2))
    begin, end = CALL.started or 0, CALL.ended_at or 0
    then = asked(path, Asked((PREFIX,), begin, end, limit=10_000))

    assert len(everything.calls) == everything.total == some.total
    assert everything.calls[2:5] == some.calls
    assert [one for one in everything.calls if one.lived(begin, end)] == then.calls
    assert CALL.call_id in ids(then.calls)
    assert then.total < everything.total


def test_more_than_can_be_looked_through(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is not begun to be held."""
    monkeypatch.setattr(search, "MOST", 10)

    assert asked(path, Asked((PREFIX,))).is_cut


def test_a_role_finds_what_it_sees(path: Path) -> None:
    """Calls of its queues; no number finds one for a role that sees none, and none is shown."""
    leg = CALL.past_legs[0]
    mine = asked(
        path, Asked((PREFIX,), limit=10_000), Scope(extensions=frozenset({leg.exten_user}), queues=frozenset())
    )
    shown = asked(path, Asked((CALL.call_id,)), NUMBERLESS)

    assert mine.calls
    assert all(leg.exten_user in one.extensions for one in mine.calls)
    assert not asked(path, Asked((LOCAL,)), NUMBERLESS).calls
    assert {masked(number, number=True) for number in traits(CALL).numbers} == shown.calls[0].numbers
    assert LOCAL[-8:] not in " ".join(shown.calls[0].numbers)
    assert ids(asked(path, Asked((AGENT, CALL.call_id)), NUMBERLESS).calls) == [CALL.call_id]


def test_retention_takes_calls_too(tmp_path: Path, path: Path) -> None:
    """What the journal has no more is not found."""
    copy = tmp_path / "journal-figures"
    copy.write_bytes(beside(path).read_bytes())
    store = Store(copy)
    before = [one for part in store.calls(0, 1e12) for one in part]
    store.forget(len(SEEN))

    assert before
    assert [] == list(store.calls(0, 1e12))
    store.close()


@scenario
async def test_the_endpoint() -> None:
    """Answers in pages, and says what is wrong with a question; a role without numbers cannot search by one."""
    few, all_ = "f" * 30, "a" * 30
    async with service({few: Visitor("few", NUMBERLESS), all_: Visitor("all", EVERYTHING)}) as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        call = running.engine.view.snapshot.ended[0]
        _, page = await running.get("/api/find?word=050-123-4567&word=SIPSIP1", headers=bearer(all_))
        status, story = await running.get(f"/api/calls/{call.call_id}?at={call.ended_at}", headers=bearer(all_))
        _, by_id = await running.get(f"/api/find?word={call.call_id}", headers=bearer(few))
        refused = [
            await running.get(f"/api/find{query}", headers=bearer(token))
            for token, query in (
                (few, "?word=050-123-4567"),
                (all_, ""),
                (all_, "?word="),
                (all_, f"?word={'x' * 101}"),
                (all_, "?" + "word=x&" * 11),
                (all_, "?word=x&since=yesterday"),
            )
        ]

    assert (1, 0) == (page["total"], page["offset"])
    item = page["items"][0]
    assert (call.call_id, call.started, call.ended_at) == (item["call_id"], item["started"], item["ended_at"])
    assert ["0501234567", "0722776772"] == item["numbers"]
    assert (["SIPSIP1", "SIPSIP2"], ["55"]) == (item["extensions"], item["queues"])
    assert (200, call.call_id) == (status, story["call"]["call_id"])
    assert [call.call_id] == [one["call_id"] for one in by_id["items"]]
    assert ["…67", "…72"] == by_id["items"][0]["numbers"]
    assert [403, 400, 400, 400, 400, 400] == [status for status, _ in refused]
    assert "cannot search by one" in refused[0][1]["detail"]
