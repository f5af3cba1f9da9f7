from calltrack.feed.wallclock import ServerClock


class Wall:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        """The seconds it stands at."""
        return self.now


def test_it_runs_on_between_frames() -> None:
    """From the last time that was heard, as fast as the source plays."""
    wall = Wall()
    clock = ServerClock(10.0, wall)
    assert clock.now() is None

    clock.hear(1000)
    wall.now += 3

    assert 1030 == clock.now()


def test_it_does_not_tremble() -> None:
    """Whole and late seconds leave it alone; being behind, or far ahead, does not."""
    wall = Wall()
    clock = ServerClock(1.0, wall)
    clock.hear(1000)
    wall.now += 1.9
    clock.hear(1000)
    assert 1001.9 == clock.now()

    clock.hear(1005)
    assert 1005 == clock.now()

    clock.hear(900)
    assert 900 == clock.now()
    clock.hear(None)
    assert 900 == clock.now()


def test_it_can_stand_still() -> None:
    """Without a speed between frames, or for good."""
    wall = Wall()
    still, running = ServerClock(0.0, wall), ServerClock(1.0, wall)
    for clock in (still, running):
        clock.hear(1000)
    wall.now += 5
    running.stop()
    wall.now += 5

    assert (1000, 1005) == (still.now(), running.now())
    assert (0, 0) == (still.speed, running.speed)
