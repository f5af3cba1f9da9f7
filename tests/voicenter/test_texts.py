import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltrack.voicenter.texts import json_member, mended, text


@pytest.mark.parametrize(
    ("value", "expected"), [("a", "a"), (None, ""), (7, "7"), (7.0, "7"), (7.5, "7.5"), (True, ""), ([], ""), ({}, "")]
)
def test_a_value_as_text(value: object, expected: str) -> None:
    """Numbers are spelled out; what is neither text nor a number is no text."""
    assert expected == text(value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ud83d"', b'"?"'),
        (rb'"\uDE00\uD83D\ude00"', rb'"?\uD83D\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d\""', rb'"\\?\""'),
    ],
)
def test_half_a_character_is_a_question_mark(line: bytes, expected: bytes) -> None:
    """A whole one stays, and so does what only looks like one."""
    assert expected == mended(line)


@given(st.text(st.characters(categories=["L", "Cs", "P"])))
def test_what_is_mended_is_json(words: str) -> None:
    """Every text that Python can hold, with each half of a pair as one "?"."""
    found = json.loads(mended(json.dumps(words).encode()))

    found.encode()
    assert len(found) == len(json.loads(json.dumps(words)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"A":"1"}', "1"),
        (r'{"b":"\ud800","a":"1"}', "1"),
        ('{"a":7}', "7"),
        ("{}", ""),
        ("[1]", ""),
        ("{", ""),
        ("[" * 9999, ""),
    ],
)
def test_one_member_of_a_json_text(data: str, expected: str) -> None:
    """In any case; "" if there is none."""
    assert expected == json_member(data, "a")
