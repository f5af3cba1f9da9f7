from typing import Any

import pytest

from calltrack.journal.packing import Packer
from calltrack.journal.rows import Row
from tests.journal.stream import simulated

PACKER = Packer()
ROW = Row.of(simulated()[10], Row.of(simulated()[9], None, PACKER), PACKER)


def test_a_frame_comes_back() -> None:
    """With its place, and the times that the next row goes on from."""
    assert simulated()[10] == ROW.frame(PACKER)
    assert (2, simulated()[10].at) == (ROW.position, ROW.received)
    assert ROW.latest is not None and ROW.offset_s == 7200.0


def test_a_changed_byte_is_seen() -> None:
    """Any of the text, and any other value: nothing reads as something that was never written."""
    garbled = bytearray(ROW.packed)
    for index in range(len(garbled)):
        garbled[index] ^= 1
        with pytest.raises(ValueError, match="its sum is wrong"):
            ROW._replace(packed=bytes(garbled)).frame(PACKER)
        garbled[index] ^= 1
    values: dict[str, Any] = {
        "position": 3,
        "latest": 1.0,
        "offset_s": None,
        "received": "x",
        "packed": "x",
        "odd": b"x",
        "sum": None,
    }
    for name, value in values.items():
        with pytest.raises(ValueError, match="its sum is wrong"):
            ROW._replace(**{name: value}).frame(PACKER)
