from typing import Any

import pytest

from calltrack.voicenter import decode, spellings


@pytest.mark.parametrize(
    "table",
    [
        *(spellings.STATES, spellings.DIRECTIONS, spellings.EXTENSION_REASONS, spellings.QUEUE_REASONS),
        *(spellings.QUEUE_OUTCOMES, spellings.CAUSES, spellings.DIAL_STATUSES, spellings.CAMPAIGN_KINDS),
    ],
)
def test_words_in_any_case(table: dict[str, Any]) -> None:
    """All spellings of one word mean the same, with blanks around it too."""
    for word, expected in table.items():
        for other in (word.upper(), word.lower(), word.swapcase(), f" {word} "):
            assert expected == spellings.meaning(table, other)
    assert spellings.meaning(table, "") is None


def test_every_event_has_a_class() -> None:
    """And every alias an event."""
    assert spellings.EVENTS == set(decode.BODIES)
    assert set(spellings.EVENT_ALIASES.values()) <= spellings.EVENTS
