import random

from calltrack.live.timing import Backoff


def test_grows_to_the_cap_and_begins_again() -> None:
    """Delays double up to the cap; after a success the first one comes again."""
    backoff = Backoff(0.5, 3.0, lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert backoff.next() == 0.5


def test_jitters_between_half_and_all() -> None:
    """No two clients come back in step, none comes back at once."""
    chance = random.Random(1)
    delays = [Backoff(1.0, 1.0, chance.random).next() for _ in range(200)]
    assert all(0.5 <= delay < 1.0 for delay in delays)
    assert len(set(delays)) == 200
