"""Stamps → stream time: one scale on which every duration is a difference (field guide §2, rulings 1-3).

Theory of operation. A frame's stamps are of the server's local wall clock. Stream time is stamp - offset + correction.
The correction changes only where the clock was found to have stepped, and when the first offset comes; so a duration
that spans either is right, and needs no offset at all. Times that people see are the server's own UTC, `shown()`; all
times of one call are of the clock that it began on. A time written before the first offset is unknown for good.

A stamp is believed if it is from 5 s before to 60 s after the last one. Any other is provisional:
* *Behind*: until three frames in a row agree that the clock was set back (or a login or full list says so at once).
  Up to a minute the frame is late, and what it reports happened at its own time (ruling 4); further behind too, if a
  list has lacked its call since. Else it is taken to be of now, so a lone wrong stamp moves nothing. When three agree,
  what the first two have written is moved.
* *Ahead* by up to 600 s (`leap`): mostly time has passed, so `now` follows. If the next stamped frame is back where the
  clock was, and the one after it too, the stamp was wrong, and what it wrote is moved; the first alone may be late.
* *Far ahead*: it counts for what its own frame reports, `now` waits. If the next stamped frame is back where the clock
  was, the stamp was wrong; if it is later, time has passed or the clock has stepped. It has stepped if both frames are
  off by about the same, something was live all along, and the distance is a multiple of 30 minutes or up to 90 s
  more. What was written on the word of such a stamp is moved by the tracker (`Verdict`).
One device alone shows no step, and what it says of a time ahead stays provisional: its frames are delayed, or its
server's clock is wrong. It is believed if no other device was heard for 600 s: then it is the stream.

The size of a step is known to within the silence before it, unless it is a multiple of 30 minutes and the silence is
short, or an offset that follows says it. Where the recording has times of receipt, they say how long the silence was: a
frame is not received sooner after its stream time than the quickest one was (`lag`). So they also show a step of any
size, or that the time has really passed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define

from calltrack.core.observations import Seconds

EARLIEST, LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100: any other stamp is absurd
JITTER_S = 5  # several servers stamp the frames of one stream
SILENCE_S = 600  # further ahead than that: a silence, a step, or a wrong stamp
ALIKE_S = 10  # frames that one step displaced differ by that
CONFIRMS = 3  # frames in a row
HALF_HOUR_S = 1800
NEAR_S = 90
LATE_S = 60  # ruling 4
_WIDEST_OFFSET_MIN = 14 * 60
_LEAST_LAG_S, _GREATEST_LAG_S = -5, 300  # of the moment behind the stamp (seen: 0-18); any other is no moment of it


class Verdict(Enum):
    """What a frame's stamps show of the clock, or of the frame before."""

    FINE = "fine"
    STEPPED = "stepped"
    LONGER = "longer"  # the silence before the last step was longer than it seemed
    WRONG = "wrong"  # the stamp of the frame before


@define(slots=True)
class Clock:
    """The state of the server's clock; all times but `steps` are stream time, s."""

    offset_s: Seconds | None = None  # as the stream says it last; UTC is unknown without
    undated: bool = False  # a frame without a stamp came before any offset: what it wrote is of the wall clock
    shift: Seconds = 0  # added - offset: what makes stream time of a stamp
    turned: tuple[Seconds, Seconds] | None = None  # the first stamp since the shift is another, and the one before
    now: Seconds | None = None  # of the stream; never goes back
    at: Seconds | None = None  # of this frame
    when: Seconds | None = None  # the moment at the switch that this frame reports
    stamped: Seconds | None = None  # the same, but of a frame that is late its own time
    bend: Seconds = 0  # of this frame alone: its clock is taken to be set back by that
    behind: tuple[Seconds, ...] = ()  # unbent times of the last frames in a row that were behind
    behind_by: str | None = None  # the only device that they are of; None: they are of several
    ahead: Seconds | None = None  # the time of a frame that was far ahead and is not believed yet
    ahead_by: str | None = None  # its device
    ahead_busy: bool = False  # whether something lived when it came
    leap: tuple[Seconds, Seconds, str | None] | None = None  # now came from where to where, by the word of which device
    stepped_by: Seconds = 0  # by the last verdict STEPPED, or LONGER
    corrected: Seconds = 0  # by the last step, as long as no offset has followed it
    lag: float | None = None  # the least by which a frame was received after its stream time, if the recording knows
    silence: Seconds | None = None  # before the first frame of `behind`, or `ahead`, by the receiver's clock
    jump: tuple[Seconds, Seconds] | None = None  # the last time that seemed to pass unseen: from then on, how long
    since: Seconds | None = None  # of this frame: it shows that all times from then on are wrong
    known_since: Seconds | None = None  # the first time whose UTC is known
    steps: tuple[tuple[Seconds, Seconds], ...] = ()  # (from then on, what was added to UTC), all so far
    added: Seconds = 0  # by the last of them: the correction
    recent: Seconds = 0  # when the last of them was

    def stream(self, stamp: Seconds | None) -> Seconds | None:
        """A stamp as stream time; None for 0, absurd or missing ones."""
        if not stamp or not EARLIEST < stamp < LATEST:
            return None
        return stamp + self.shift + self.bend

    def own(self, stamp: Seconds | None) -> Seconds | None:
        """A stamp that is older than its frame as stream time: it can be of the clock before.

        That is so where its frame's is behind or far ahead. Where the clock has stepped since, or has another offset,
        it is if it would be well in the future now, or is less than the first one since (summer time has begun).
        """
        if not stamp or not EARLIEST < stamp < LATEST:
            return None
        time = stamp + self.shift
        if self.turned is not None and self.at is not None:
            first, shift = self.turned
            before = stamp + shift
            if before <= self.at + JITTER_S and (time > self.at + LATE_S or (time < before and stamp < first)):
                return before
        if self.bend and (self.at is None or time + self.bend <= self.at + JITTER_S):
            return time + self.bend
        return time

    def moved(self, time: Seconds | None, after: Seconds, by: Seconds) -> Seconds | None:
        """What a frame far ahead wrote, once its stamp is known to be wrong (by 0), or of a clock that stepped."""
        if time is None or time <= (
            after + _GREATEST_LAG_S if self.since is None else after if by or self.now is None else self.now
        ):
            return time
        return time - by if by else after

    def shown(self, time: Seconds | None, added: Seconds | None = None) -> Seconds | None:
        """A stream time as the UTC that the server had for it, epoch s; None while no offset was known.

        added: what lies between the two, of something whose times are all of the clock that it began on.
        """
        if time is None or self.offset_s is None:
            return None
        if added is not None:
            return time - added
        if time >= self.recent:  # nearly always
            return time - self.added
        if self.known_since is not None and time < self.known_since:
            return None
        last: Seconds = 0
        for since, value in self.steps:
            if time < since:
                break
            last = value
        return time - last

    def _add(self, since: Seconds, by: Seconds) -> None:
        """Add to the correction; from a time on, the UTC that is shown differs from stream time by as much more."""
        self.shift += by
        self.added += by
        self.recent = since
        self.steps += ((since, self.added),)

    @property
    def reported_at(self) -> Seconds | None:
        """The UTC of a change: when it became known. A stamp that is not believed yet dates nothing."""
        return self.shown(self.at if self.ahead is None else self.now)

    def goes_on(
        self, stamp: Seconds | None, offset_min: Seconds | None, moment: Seconds | None, received: float | None
    ) -> bool:
        """Take the stamps of a frame by whose word time simply goes on, as nearly all do; False if it is not so."""
        now = self.now
        if stamp is None or now is None or offset_min is None or offset_min * 60 != self.offset_s:
            return False
        at = stamp + self.shift
        if (
            not now <= at <= now + LATE_S
            or at < self.recent + _GREATEST_LAG_S
            or self.ahead is not None
            or self.behind
            or self.leap is not None
        ):
            return False
        if at == now:
            at = now  # one object for a second
        when = at
        if moment and moment != stamp and _LEAST_LAG_S <= (lag := stamp - moment) <= _GREATEST_LAG_S:
            when = at - lag
            if when == self.when:
                when = self.when
        self.now = self.at = self.stamped = at
        self.when, self.bend = when, 0
        if received is not None and (self.lag is None or received - at < self.lag):
            self.lag = received - at
        return True

    def tell(
        self,
        stamp: Seconds | None,
        offset_min: Seconds | None,
        moment: Seconds | None = None,
        received: float | None = None,
        *,
        whole: bool = False,
        busy: bool = True,
        after: Seconds | None = None,
        lacked: bool = False,
        by: str | None = None,
        heard: Callable[[], Seconds | None] = lambda: None,
    ) -> Verdict:
        """Take a frame's stamps.

        whole: it is a login or a full list, and believed at once. busy: something lives. after: what the frame reports
        follows something of that time. lacked: it is late, as a list has lacked its call since. by: the device that it
        is of. heard: when any other device was heard last.
        """
        self.bend, self.since = 0, None
        offset_by: Seconds = 0
        if offset_min is not None and offset_min * 60 != self.offset_s:
            offset_by = self._take_offset(stamp, offset_min)
        now = self.now
        at = self.stream(stamp)
        if at is None:
            self.undated = self.undated or (now is None and self.offset_s is None)
            self.at = self.stamped = now
            when = self.stream(moment)
            near = when is not None and (now is None or -_GREATEST_LAG_S <= when - now <= SILENCE_S)
            self.when = when if near else now
            return Verdict.FINE
        verdict = Verdict.FINE
        if now is None or (self.ahead is None and not self.behind and self.leap is None and 0 <= at - now <= LATE_S):
            self.now = at
        else:
            verdict = self._odd(at, now, whole, busy, received, after, lacked, offset_by, by, heard)
            at = self.at if self.at is not None else at
        self.at = at
        if self.behind and not self.bend:
            at = self.behind[-1]  # it is late
        self.stamped = at
        if received is not None and self.ahead is None and not self.behind and self.leap is None:
            self.lag = received - at if self.lag is None else min(self.lag, received - at)
        trail = _LEAST_LAG_S - 1 if not moment or stamp is None else stamp - moment
        self.when = at - trail if _LEAST_LAG_S <= trail <= _GREATEST_LAG_S else at
        if self.since is None:
            return verdict
        return Verdict.STEPPED if self.stepped_by > 0 else Verdict.LONGER if self.stepped_by else Verdict.WRONG

    def _odd(
        self,
        at: Seconds,
        now: Seconds,
        whole: bool,
        busy: bool,
        received: float | None,
        after: Seconds | None,
        lacked: bool,
        offset_by: Seconds,
        by: str | None,
        heard: Callable[[], Seconds | None],
    ) -> Verdict:
        """A frame whose stamp, or the one before, is not where the clock was; sets `at`."""
        verdict = Verdict.FINE
        if (far := self.ahead) is not None:
            self.ahead = None
            alone = not whole and by is not None and by == self.ahead_by and not self._is_stream(now + at - far, heard)
            if offset_by and -JITTER_S <= far - offset_by - now <= SILENCE_S:  # the offset follows the step
                self.stepped_by, self.now = offset_by, max(now, far - offset_by)
                now, verdict = self.now, Verdict.STEPPED
            elif at < far - ALIKE_S:
                verdict = Verdict.WRONG
            elif at - far <= SILENCE_S and self._is_step(far - now):
                if alone:
                    self.ahead, self.at = far, at
                    return verdict
                self._correct(-self._size(far - now), now, far)
                verdict = Verdict.STEPPED
                at -= self.stepped_by
            else:
                self.jump = now, far - now
                self.leap = (now, far, by) if alone else None
                self.now = now = far
        distance = at - now
        if distance > SILENCE_S:
            self.silence = self._passed(received, now)
            if whole or (self.silence is not None and self.silence >= distance - NEAR_S):
                self.now = at
            else:
                self.ahead, self.ahead_by, self.ahead_busy = at, by, busy
        elif distance >= -JITTER_S:
            if offset_by and self.behind and -JITTER_S <= self.behind[0] - offset_by - now <= SILENCE_S:
                self.stepped_by, verdict = offset_by, Verdict.STEPPED
            self.behind = ()
            if (leap := self.leap) is not None and (by is None or by != leap[2] or whole or at - leap[1] > SILENCE_S):
                self.leap = None
            if distance > LATE_S and self.leap is None and not whole:
                passed = self._passed(received, now)
                if passed is None or passed < distance - ALIKE_S:
                    self.leap = now, at, by
            self.now = max(now, at)
        else:
            passed = self._passed(received, now)
            at, verdict = self._fallen_back(at, now, whole, verdict, after, lacked, passed, by, heard)
        self.at = at
        return verdict

    def _fallen_back(
        self,
        at: Seconds,
        now: Seconds,
        whole: bool,
        verdict: Verdict,
        after: Seconds | None,
        lacked: bool,
        passed: Seconds | None,
        device: str | None,
        heard: Callable[[], Seconds | None],
    ) -> tuple[Seconds, Verdict]:
        """A frame behind the clock: late, wrong, of a clock that was set back, or the frame before was wrong."""
        behind = self.behind
        if behind and not -ALIKE_S <= at - behind[-1] <= SILENCE_S:
            behind = ()  # not of the clock of the frame before
        if not behind:
            self.silence, self.behind_by = passed, device
        elif device != self.behind_by:
            self.behind_by = None
        self.behind = behind = (*behind, at)
        away = now - behind[0]
        agreed = whole or (len(behind) > 1 and (self.behind_by is None or self._is_stream(at + away, heard)))
        if (leap := self.leap) is not None and agreed and -JITTER_S <= behind[0] - leap[0] <= away:
            self.since, self.stepped_by = leap[0], 0
            self.leap, self.jump, self.behind = None, None, ()
            self.now = max(at, leap[0])
            return at, Verdict.WRONG
        if agreed and (whole or len(behind) >= CONFIRMS):
            self.leap = None
            by = self._size(at - now if whole else -away)
            written = max(behind[:-1], default=behind[0]) + away  # the latest that the frames before may have written
            self.behind = ()
            self._correct(-by, max(now, written), at if whole else behind[0])
            at = max(at - by, now)
            self.now = at
            return at, Verdict.STEPPED
        late = (away <= LATE_S or lacked) and (after is None or at >= after - JITTER_S)
        self.bend = 0 if late else away
        return at + away, verdict

    def _is_stream(self, at: Seconds, heard: Callable[[], Seconds | None]) -> bool:
        """Whether one device alone is believed: no other one was heard for long."""
        last = heard()
        return last is None or at - last > SILENCE_S

    def _passed(self, received: float | None, now: Seconds) -> Seconds | None:
        """How much time has passed since `now` by the receiver's clock, s, if the recording knows."""
        return None if received is None or self.lag is None else max(0, round(received - self.lag - now))

    def _is_step(self, by: Seconds) -> bool:
        """Whether two frames that are ahead by so much show a step: by the receiver's clock, or by the size."""
        return self.silence is not None or (self.ahead_busy and self._size(by) % HALF_HOUR_S == 0)

    def _size(self, by: Seconds) -> Seconds:
        """What the clock moves by is the step and the silence before it: a short one after a multiple of 30 minutes."""
        by -= self.silence or 0
        whole = (by + JITTER_S) // HALF_HOUR_S * HALF_HOUR_S
        return whole if whole and by - whole <= (NEAR_S if self.silence is None else JITTER_S) else by

    def _correct(self, by: Seconds, written: Seconds, first: Seconds) -> None:
        """The clock has stepped, the first frame since has a time; what was written up to a time is shown as it was."""
        self.turned = first - self.shift, self.shift
        self.stepped_by = self.corrected = -by
        self._add(written + 1, by)

    def pass_by(self, elapsed: Seconds) -> None:
        """Time passes without a frame; also by the clocks of frames that are not believed yet."""
        if self.now is None:
            return
        self.now += elapsed
        self.at = self.stamped = self.when = self.now
        self.behind = tuple([at + elapsed for at in self.behind])
        self.ahead = None if self.ahead is None else self.ahead + elapsed
        if self.leap is not None:
            self.leap = self.leap[0] + elapsed, self.leap[1] + elapsed, self.leap[2]

    def _take_offset(self, stamp: Seconds | None, offset_min: Seconds) -> Seconds:
        """A first offset, or another one. Stream time goes on; only the UTC that is shown changes.

        Returns by how much it moved, s.
        """
        if not -_WIDEST_OFFSET_MIN <= offset_min <= _WIDEST_OFFSET_MIN:
            return 0
        by = offset_min * 60 - (self.offset_s or 0)
        now, first, shift = self.now, self.offset_s is None, self.shift
        self.offset_s = offset_min * 60
        self.shift -= by
        corrected, self.corrected = self.corrected, 0
        if now is None:
            if first and self.undated:
                self._add(0, by)
            return 0
        at = self.stream(stamp)
        if first:
            self.known_since = now + 1
            self._add(now + 1, by)
            return 0
        if at is not None and abs(at + by - now) <= min(abs(at - now), SILENCE_S):
            # The wall clock stepped before, and the offset follows only now: the step was corrected already, or seemed
            # to be time that passed, and the offset says how long it really was.
            is_corrected = corrected != 0 and 0 <= corrected - by <= SILENCE_S
            if not is_corrected and self.jump is not None and -JITTER_S <= self.jump[1] - by <= SILENCE_S:
                self.turned = self.jump[0] + self.jump[1] - shift, shift
                self.since, self.jump, self.stepped_by, self.now = self.jump[0], None, by, now - by
                self.leap = None
                return by
            if is_corrected and (longer := corrected - by):
                self.since, self.stepped_by, self.now = self.recent - 1, -longer, now + longer
                self.shift += longer
                self.added += longer
                self.steps = (*self.steps[:-1], (self.recent, self.added))
            self._add((self.now or 0) + 1, by)
        elif stamp and at is not None:
            self.turned = stamp, shift
        return by


@define(slots=True)
class PlainClock:
    """The UTC of each frame as the frame has it, its stamp less the last offset; to find a moment in a recording."""

    offset_s: Seconds | None = None
    at: Seconds | None = None

    def tell(self, stamp: Seconds | None, offset_min: Seconds | None, moment: Seconds | None = None) -> None:
        """Take a frame's stamps; a frame without a believable one is of the time of the one before."""
        if offset_min is not None and -_WIDEST_OFFSET_MIN <= offset_min <= _WIDEST_OFFSET_MIN:
            self.offset_s = offset_min * 60
        if stamp and self.offset_s is not None and EARLIEST < stamp < LATEST:
            self.at = stamp - self.offset_s
