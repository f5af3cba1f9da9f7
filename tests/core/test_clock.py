import pytest

from calltrack.core.clock import Clock


@pytest.mark.parametrize("stamp", [None, 0, -5, 3600, 32_503_680_000])
def test_absurd_stamps_are_unknown(stamp: int | None) -> None:
    """0, negative, 1970 and 3000 are no times (field guide §2)."""
    clock = Clock()
    clock.tell(1_767_258_000, 120)

    assert clock.utc(stamp) is None


def test_the_offset_is_kept_until_another_is_told() -> None:
    """A frame without an offset takes the last one; an absurd one is not taken."""
    clock = Clock()
    clock.tell(1_767_258_000, 120)
    clock.tell(1_767_258_010, None)
    assert 1_767_258_010 - 7200 == clock.at

    clock.tell(1_767_258_020, 99_999)
    assert 1_767_258_020 - 7200 == clock.at

    clock.tell(1_767_258_030, 180)
    assert 1_767_258_030 - 10_800 == clock.at


def test_milliseconds_keep_their_fraction() -> None:
    """representativeUpdated is in ms; whole seconds stay integers."""
    clock = Clock()
    clock.tell(1_767_258_000, 0)

    assert 1_767_258_001.5 == clock.utc_of_ms(1_767_258_001_500)
    assert isinstance(clock.utc_of_ms(1_767_258_001_000), int)


def test_the_moment_is_the_switch_s_or_else_the_frame_s() -> None:
    """telephonyservertime where there is one."""
    clock = Clock()
    clock.tell(1_767_258_000, 0, 1_767_257_996)
    assert 1_767_257_996 == clock.when

    clock.tell(1_767_258_001, 0)
    assert 1_767_258_001 == clock.when
