import hashlib
from importlib.resources import files

import msgspec
import pytest

from calltrack.journal.packing import Packer
from tests.journal.stream import simulated


def test_the_dictionary_is_part_of_the_format() -> None:
    """Another typical.jsonl could not read the journals of this one: it would have to be another FORMAT."""
    typical = files("calltrack.journal").joinpath("typical.jsonl").read_bytes()
    assert "863d20296164bfa68c190db4b7df6ea48f6b2e783ab09754365e10e05a874838" == hashlib.sha256(typical).hexdigest()
    assert all(msgspec.json.decode(line)["event"] for line in typical.splitlines())


def test_a_text_comes_back() -> None:
    """Whatever it is, and typical ones are small."""
    packer, raws = Packer(), [frame.raw for frame in simulated()]
    texts = [b"", b"x", b"\xff\0" * 1000, *raws]

    packed = [packer.pack(text) for text in texts]

    assert texts == [packer.unpack(one) for one in packed]
    assert sum(map(len, packed)) < sum(map(len, texts)) / 4


@pytest.mark.parametrize("packed", [b"", b"x", b"\x28\xb5\x2f\xfd" + b"\xff" * 20])
def test_what_is_not_packed_is_refused(packed: bytes) -> None:
    """Nothing, something else, and a length that would take all memory."""
    with pytest.raises(ValueError, match=r"."):
        Packer().unpack(packed)
