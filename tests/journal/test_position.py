import pytest

from calltrack.journal import NoSuchPosition, StreamPosition


def test_positions_compare_as_they_follow_each_other() -> None:
    """By frame and then by change, not as text does; a frame alone is after all of its changes."""
    written = ["0.0", "0", "2.0", "2.1", "2.10", "2.999999999", "2", "3.0", "10.0", "10"]
    parsed = [StreamPosition.parse(text) for text in written]

    assert sorted(parsed) == parsed
    assert written == [str(one) for one in parsed]
    assert [text for text in written if "." not in text] == [str(one) for one in parsed if one.whole]
    assert [0, 0, 1, 1, 1, 1, 2, 2, 9, 10] == [one.known for one in parsed]


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "01", "01.0", "1.00", "-1", "-1.0", "1.", ".1", "1.0.0", "1,2", "1.²", "１", "0.1", "1.0\n", "1\n"),
        *("9" * 19, "1." + "9" * 5000),
    ],
)
def test_any_other_text_is_none(text: str) -> None:
    """There is one way to write a position, and an end to its length."""
    with pytest.raises(NoSuchPosition, match="one looks like"):
        StreamPosition.parse(text)
