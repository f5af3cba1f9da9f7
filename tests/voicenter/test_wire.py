from pathlib import Path

import msgspec
import pytest

from calltrack.core import observations
from calltrack.voicenter import decode, wire
from calltrack.voicenter.loose import fields
from calltrack.voicenter.unknown import KNOWN_KEYS

WIRE = sorted(
    (kind for kind in vars(wire).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)),
    key=lambda kind: kind.__name__,
)
WIRE.remove(msgspec.Struct)


@pytest.mark.parametrize("kind", WIRE, ids=lambda kind: kind.__name__)
def test_every_field_of_an_observation_has_a_key_of_the_vendor(kind: type[msgspec.Struct]) -> None:
    """Or none: a name of the core's is no key, unless the vendor has the same."""
    own = set(vars(kind).get("__annotations__", ()))
    inherited = {
        one.name for base in kind.__mro__[1:] if base.__module__ == observations.__name__ for one in fields(base)
    }

    assert inherited <= own | {name for base in kind.__mro__[1:] for name in vars(base).get("__annotations__", ())}
    same = {one.key for one in fields(kind) if one.key == one.name}
    assert not {key for key in same if "_" in key} - {"elapsed_s"}


def test_the_documented_page_has_no_unknown_field() -> None:
    """Every key of the vendor's own examples is declared or known to be skipped."""
    page = Path(__file__).parents[2] / "fixtures" / "api-page.jsonl"

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(names, value.values()))
        return set[str]().union(*map(names, value)) if isinstance(value, list) else set()

    with page.open("rb") as lines:
        for text in lines:
            assert not names(decode.plain(decode.payload_text(text))) - KNOWN_KEYS
