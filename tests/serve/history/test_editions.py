from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltrack.figures import Options
from calltrack.serve.history import follower as followed
from calltrack.serve.history.editions import Editions, alteration
from calltrack.serve.history.follower import Follower
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.scope import EVERYTHING, Scope
from tests.journal.stream import written
from tests.live.harness import scenario
from tests.serve.history.test_figures import FRAMES, MIDNIGHT
from tests.serve.security.test_guard import bearer
from tests.serve.service import service


def documented() -> Callable[[Any, Any], Any]:
    """The function that docs/api.md gives to clients."""
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n([\s\S]*?def applied[\s\S]*?)```", page)[0], names)
    found: Callable[[Any, Any], Any] = names["applied"]
    return found


applied = documented()

_LEAVES = st.none() | st.integers(0, 3) | st.sampled_from(["", "order", "0"])
_NAMES = st.sampled_from(["key", "order", "0", "1"])
JSON = st.recursive(_LEAVES, lambda some: st.lists(some, max_size=4) | st.dictionaries(_NAMES, some, max_size=4))


@given(JSON, JSON)
def test_what_altered_leads_from_any_value_to_any_other(before: Any, now: Any) -> None:
    """Nulls, lists and removed members too, by the function of the documentation; of equal objects nothing altered."""
    assert now == applied(before, alteration(before, now))
    assert {} == alteration({"key": now}, {"key": now})


SCOPES = (EVERYTHING, Scope(phone_numbers=False), Scope(queues=frozenset({"5001"}), phone_numbers=False))


@pytest.mark.parametrize("seed", range(2))
def test_a_client_that_applies_what_altered_has_the_whole_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Of each role, at any moments of the day, from any of the last reports; it is the smaller part of the bytes."""
    monkeypatch.setattr(followed, "FRESH", 0.0)
    random, follower = Random(seed), Follower(written(tmp_path / "journal", tuple(FRAMES)))
    clients: dict[Scope, dict[str, Any]] = {scope: {} for scope in SCOPES}
    sizes = [0, 0]
    for position in sorted(random.choices(range(300, len(FRAMES)), k=6)):
        for scope, known in clients.items():
            held = random.choice([*known, "never sent"])
            _, answer = follower.report(position, MIDNIGHT, MIDNIGHT, Options(), scope, held)
            _, whole = follower.report(position, MIDNIGHT, MIDNIGHT, Options(), scope)
            sent, expected = msgspec.json.decode(answer.json), msgspec.json.decode(whole.json)

            assert (held in known, whole.tag) == (answer.altered, answer.tag)
            known[answer.tag] = applied(known[held], sent) if answer.altered else sent
            assert expected == known[answer.tag]
            if answer.altered:
                sizes = [sizes[0] + len(answer.json), sizes[1] + len(whole.json)]

    assert sizes[0] < sizes[1] * 0.6


def test_editions_are_bounded() -> None:
    """Eight of each question, and no more bytes in all than the budget; what was asked for longest ago goes first."""
    editions = Editions(budget=200)
    for number in range(10):
        editions.keep("one", str(number), b"%10d" % number)
    editions.keep("another", "a", b"1")

    assert [None, b"9"] == [editions.altered("one", str(number), b"9") for number in (1, 2)]
    assert None is editions.altered("another", "2", b"9")
    editions.keep("third", "b", b"1" * 200)
    assert [None, None] == [editions.altered("one", str(number), b"9") for number in (2, 9)]
    assert None is editions.altered("another", "a", b"9")
    editions.keep("third", "c", b"1" * 300)
    assert None is editions.altered("third", "c", b"9")


@scenario
async def test_who_says_what_it_has_gets_what_altered() -> None:
    """Nothing if nothing did, the whole if what it has is not known, or is another role's."""
    tokens = {"a" * 30: Visitor("all", EVERYTHING), "q" * 30: Visitor("one", Scope(queues=frozenset({"5001"})))}
    async with service(tokens) as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        _, whole = await running.get("/api/kpis", headers=bearer("a" * 30))
        _, same = await running.get(f"/api/kpis?held={whole['tag']}", headers=bearer("a" * 30))
        _, again = await running.get("/api/kpis?held=unknown", headers=bearer("a" * 30))
        _, other = await running.get(f"/api/kpis?held={whole['tag']}", headers=bearer("q" * 30))
        long, _ = await running.get(f"/api/kpis?held={'x' * 65}", headers=bearer("a" * 30))
        past = "/api/kpis?since=1704697200&until=1704700800"
        _, closed = await running.get(past, headers=bearer("a" * 30))
        _, still = await running.get(f"{past}&held={closed['tag']}", headers=bearer("a" * 30))

    assert (None, {}, whole["tag"]) == (same["report"], same["altered"], same["tag"])
    assert (whole["report"], None) == (again["report"], again["altered"])
    assert None is other["altered"]
    assert ["5001"] == [one["key"] for one in other["report"]["queues"]]
    assert 400 == long
    assert (None, None, {}) == (closed["altered"], still["report"], still["altered"])
