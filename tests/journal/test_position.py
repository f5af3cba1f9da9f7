import pytest

from calltrack.journal import NoSuchPosition, StreamPosition


def test_positions_compare_as_they_follow_each_other() -> None:
    """By frame and then by change, not as text does."""
    parsed = [StreamPosition.parse(text) for text in ("0.0", "2.0", "2.1", "2.10", "10.0")]

    assert sorted(parsed) == parsed
    assert "2.10" == str(parsed[3])


@pytest.mark.parametrize(
    "text", ["", "x", "1", "01.0", "1.00", "-1.0", "1.0.0", "1.²", "0.1", "1." + "9" * 5000, "1.0\n"]
)
def test_any_other_text_is_none(text: str) -> None:
    """There is one way to write a position, and an end to its length."""
    with pytest.raises(NoSuchPosition, match="one looks like"):
        StreamPosition.parse(text)
