"""Lines that are rewritten say what they say field by field."""

from typing import Any

import pytest

from calltrack.voicenter import respelled
from calltrack.voicenter.decode import decode, documented_keys
from tests.voicenter.test_salvage import respelled as with_key
from tests.voicenter.wired import call, event, extension, line


def odd(key: str = "callStarted", **fields: Any) -> bytes:
    """A frame with one key in a case that is not documented."""
    shown = call(**fields)
    payload = event(extension(calls=[shown], currentCall=shown))
    return line("ExtensionEvent", with_key(payload, key, key.upper()))


def test_a_key_is_read_again_without_reading_field_by_field() -> None:
    """The second line of the same kind is rewritten before it is decoded."""
    respelled.SPELLINGS.clear()

    first, again = decode(odd()), decode(odd())

    assert first == again
    assert b'"callStarted"' in respelled.respelled(odd())


@pytest.mark.parametrize("remembered", [False, True])
def test_custom_data_stays_as_it_came(remembered: bool) -> None:
    """Also where it has the very key that the frame has in another case."""
    respelled.SPELLINGS.clear()
    if remembered:
        decode(odd())
    body: Any = decode(odd(customdata={"CALLSTARTED": 1}))[1]

    assert '{"CALLSTARTED":1}' == body.extension.listed[0].custom_data.replace(" ", "")


def test_a_line_with_many_odd_keys_is_not_rewritten() -> None:
    """Nor one that has a key as documented as well."""
    names = ["callStarted", "direction", "reason"]
    many = b'{"CALLSTARTED":1,"Direction":"x","REASON":"y"}'

    both, other = b'{"CALLSTARTED":1,"callStarted":2}', b'{"Calls":[]}'

    assert many == respelled.rewritten(many, names, documented_keys())
    assert both == respelled.rewritten(both, names[:1], documented_keys())
    assert other == respelled.rewritten(other, ["calls"], documented_keys())


def test_what_is_remembered_is_bounded() -> None:
    """A stream of ever other spellings costs no more than few."""
    respelled.SPELLINGS.clear()
    for number in range(2 ** len("reason")):
        key = "".join(c.upper() if number >> place & 1 else c for place, c in enumerate("reason"))
        respelled.rewritten(f'{{"{key}":1}}'.encode(), ["reason"], documented_keys())

    assert len(respelled.SPELLINGS) <= respelled._REMEMBERED
