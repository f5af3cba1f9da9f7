from __future__ import annotations

import pytest

from calltrack.serve.positions import NotAPosition, Place


def test_places_follow_each_other() -> None:
    """A frame alone stands behind all of its changes, and before those of the next."""
    written = ["0", "1.1", "1.2", "1.10", "1", "2.1", "10"]
    places = [Place.read(text) for text in written]

    assert sorted(places) == places
    assert written == [str(place) for place in places]
    assert [text for text in written if "." not in text] == [str(place) for place in places if place.whole]


@pytest.mark.parametrize("text", ["", "x", "1.", ".1", "-1", "1.2.3", "1,2", "１", "1\n", "9" * 16, "1." + "9" * 7])
def test_anything_else_is_refused(text: str) -> None:
    """With how one looks, and without the text."""
    with pytest.raises(NotAPosition, match="as the stream's ids are"):
        Place.read(text)
