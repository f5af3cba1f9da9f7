from dataclasses import replace

from calltrack.live import Timing
from calltrack.live.silence import LATE, Keepalive, Over, Probe, Silence, Step, Ticked

TIMING = Timing()


def silent(until: float, silence: Silence, now: float = 0.0) -> list[tuple[float, Step]]:
    """The steps, each with its time, if nothing comes until then."""
    found: list[tuple[float, Step]] = []
    while now <= until:
        found += [(now, step) for step in silence.step(now)]
        if any(isinstance(step, Over) for _, step in found):
            break
        now = silence.due
    return found


def begun(timing: Timing = TIMING, patience: float = 1e9) -> Silence:
    silence = Silence(timing, 0.0)
    silence.begin(0.0, patience)
    return silence


def test_a_dead_transport_shows_within_ten_seconds() -> None:
    """One ping, and no answer to it."""
    assert [(4.0, Probe()), (8.0, Over("no answer to a ping for 4 s"))] == silent(100.0, begun())


def test_a_living_transport_is_left_alone() -> None:
    """Answers to pings keep a connection without events until the stream itself is silent for too long."""
    silence, now, steps = begun(), 0.0, list[tuple[float, Step]]()
    while not any(isinstance(step, Over) for _, step in steps):
        for step in silence.step(now):
            steps.append((now, step))
            if step == Probe():
                silence.message(now + 0.1)
        now = silence.due
    assert (120.0, Over("no event for 120 s")) == steps[-1]
    assert [60.0] == [at for at, step in steps if step == Keepalive()]
    assert [10.0 * n for n in range(1, 12)] == [at for at, step in steps if step == Ticked(10.0)]


def test_a_tick_has_the_time_since_the_last_event_or_tick() -> None:
    """So that the ticks of a silence add up to it."""
    silence = begun(replace(TIMING, probe=1e9))
    silence.event(3.0)
    assert [] == silence.step(12.9)
    assert [Ticked(10.0)] == silence.step(13.0)
    assert [] == silence.step(22.9)
    assert [Ticked(10.5)] == silence.step(23.5)
    silence.event(24.0)
    assert [] == silence.step(33.9)


def test_the_engine_has_the_limit_that_its_server_declared() -> None:
    """Pongs of the transport do not stand for its heartbeat."""
    silence = begun(replace(TIMING, tick=1e9), patience=30.0)
    for now in range(0, 30, 2):
        silence.message(float(now))
        assert [] == silence.step(float(now))
    assert [Over("no heartbeat of the server")] == silence.step(30.0)


def test_a_sleep_is_no_silence() -> None:
    """Nothing is judged by limits that passed meanwhile: a probe goes out, and its answer decides."""
    silence = begun()
    assert [Probe()] == silence.step(4.0)
    steps = silence.step(1000.0)
    assert [Probe(), Ticked(1000.0)] == steps
    assert 1004.0 == silence.due
    assert [Over("no answer to a ping for 4 s")] == silence.step(1004.0)


def test_late_by_less_is_no_sleep() -> None:
    """A busy loop is a little late all the time."""
    silence = begun()
    assert [Probe()] == silence.step(4.0 + LATE)
    assert [Over("no answer to a ping for 4 s")] == silence.step(8.0 + 2 * LATE)


def test_default_limits_find_a_loss_within_ten_seconds() -> None:
    """With the close of the lost connection."""
    assert TIMING.probe + TIMING.answer + TIMING.close <= 10
