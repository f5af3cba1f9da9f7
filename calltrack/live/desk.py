"""What happens to calls, for programs: four events with one flat record each, from any source of frames.

    frames ─► Tracker ─► changes ─► ringing, answered (at once), missed, ended (when final) ─► handlers

A call's end can still turn out otherwise within a minute of stream time (ruling 4), so `ended` and `missed` wait for
that minute: each call is handed out once, as it was. A tracker and its snapshot may be asked from any thread.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from threading import Event, RLock, Thread
from typing import Any, Literal, Self, TypeVar

from calltrack.core.changes import CallEnded, CallResumed, CallRevised, Change, LegAnswered, LegStarted
from calltrack.core.observations import AllExtensions, Frame, Lost, Tick
from calltrack.core.records import Call, Leg, Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import Outcome, State
from calltrack.core.tracker import Tracker
from calltrack.live.happenings import (
    AnsweredCall,
    EndedCall,
    Happening,
    MissedCall,
    RingingCall,
    answered,
    ended,
    missed,
    queue_of,
    ringing,
)
from calltrack.live.stream import Changes, Missed, connect

_log = logging.getLogger("calltrack.live")

FINAL_S = 61
"""Stream time after which a call's end is final, s (ruling 4)."""
_LOOK_S = 1.0  # s between two looks whether an end has become final while no change comes
_HANDED_OUT = 5000  # ids of calls that are remembered as handed out, so that none is twice

H = TypeVar("H", bound=Callable[..., object])


class _Heard(Tracker):
    """A tracker for several threads that says when it was fed last."""

    def __init__(self, history: int) -> None:
        super().__init__(history=history)
        self.lock = RLock()
        self.known = Event()
        self.connected = False
        self.last_frame_at: Seconds | None = None

    def feed(self, frame: Frame) -> tuple[Change, ...]:
        with self.lock:
            changes = super().feed(frame)
            body = frame.body
            if isinstance(body, Lost):
                self.connected = False
                self.known.clear()
            elif not isinstance(body, Tick):
                self.connected = True
                self.last_frame_at = self.time if frame.at is None else frame.at
                if isinstance(body, AllExtensions) and body.extensions is not None:
                    self.known.set()
        return changes

    def snapshot(self) -> Snapshot:
        with self.lock:
            return super().snapshot()

    def queue_name(self, queue_id: str) -> str:
        """The name of a queue, "" if it is not known."""
        with self.lock:
            queue = self._held.queues.get(queue_id)
            return queue.name if queue is not None else ""


class Desk:
    """Calls as they happen: register handlers, then `start`, `run` or `play`.

    A handler takes one record. Live, plain functions run in a thread of their own and may block; coroutine functions
    run in the loop. Handlers are called one after the other. `on_error`: "log" logs what a handler raises and goes on;
    "stop" ends the desk with it. `final_s`: how long an end waits until it is handed out; with 0 at once, and again
    with `revised` if it turns out otherwise.

    Health: `failed` is what ended the desk (None while nothing did), `connected` is False from a lost connection until
    the next frame and once the desk has ended, `last_frame_at` is when the last frame was received (UTC epoch s; of a
    recording without times of receipt, the server's time).
    """

    def __init__(
        self, *, on_error: Literal["log", "stop"] = "log", final_s: Seconds = FINAL_S, history: int = 1000
    ) -> None:
        self.failed: BaseException | None = None
        self._tracker = _Heard(history)
        self._stops = on_error == "stop"
        self._final_s = final_s
        self._handlers: dict[type[Happening], list[Callable[[Any], object]]] = {}
        self._pending: OrderedDict[str, tuple[Seconds, Call]] = OrderedDict()
        self._handed_out: OrderedDict[str, None] = OrderedDict()
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False

    def on_ringing(self, handler: H) -> H:
        """Call the handler with a RingingCall when an incoming call rings at an extension; not for those found."""
        return self._on(RingingCall, handler)

    def on_answered(self, handler: H) -> H:
        """Call the handler with an AnsweredCall when an extension's leg is answered."""
        return self._on(AnsweredCall, handler)

    def on_missed(self, handler: H) -> H:
        """Call the handler with a MissedCall when an incoming call is over and no one has answered it."""
        return self._on(MissedCall, handler)

    def on_ended(self, handler: H) -> H:
        """Call the handler with an EndedCall when a call is over, missed or not."""
        return self._on(EndedCall, handler)

    @property
    def connected(self) -> bool:
        """Whether frames arrive."""
        return self._tracker.connected and not self._over

    @property
    def last_frame_at(self) -> Seconds | None:
        """When the last frame was received, UTC epoch s; None before the first."""
        return self._tracker.last_frame_at

    def snapshot(self) -> Snapshot:
        """Everything known now; from any thread."""
        return self._tracker.snapshot()

    def wait_known(self, timeout: float | None = 30) -> bool:
        """Wait until the state of all extensions is known, at most `timeout` s; False if it is not by then.

        Raises what has ended the desk, a refused login for example. It blocks: in a coroutine use asyncio.to_thread.
        """
        known = self._tracker.known.wait(timeout)
        if self.failed is not None:
            raise self.failed
        return known and not self._over

    async def run(self, **options: Any) -> None:
        """Follow the live service until cancelled; the options are those of `connect`.

        Cancelling it hands out the calls whose end is not final yet as they are.
        Raises what ends the stream for good (LoginRefused), and what a handler raises if `on_error` is "stop".
        """
        try:
            async with connect(tracker=self._tracker, **options) as stream:
                await self._follow(aiter(stream))
        except asyncio.CancelledError:
            await self._hand_out(self._finals(everything=True))
            raise
        except Exception as error:
            self.failed = error
            raise
        finally:
            self._end()

    async def _follow(self, changes: Changes) -> None:
        """Hand out what the changes mean, and ends when they are final, though no change comes then."""
        coming = asyncio.ensure_future(anext(changes))
        try:
            while True:
                done, _ = await asyncio.wait([coming], timeout=_LOOK_S if self._pending else None)
                if done:
                    change = coming.result()
                    coming = asyncio.ensure_future(anext(changes))
                    await self._hand_out(self._see(change))
                await self._hand_out(self._finals())
        except StopAsyncIteration:
            return
        finally:
            coming.cancel()

    def start(self, **options: Any) -> Self:
        """Follow the live service in a thread of its own until `stop`; call it after a fork, not before."""
        if self._thread is not None:
            raise RuntimeError("the desk has been started already")
        self._thread = Thread(target=self._run_thread, args=(options,), name="calltrack-desk", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End what `start` began; raises what had ended it before."""
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not task.done():
            loop.call_soon_threadsafe(task.cancel)
        if self._thread is not None:
            self._thread.join()
        if self.failed is not None:
            raise self.failed

    def play(self, frames: Iterable[Frame]) -> None:
        """Follow a recording, a simulation or any other frames to their end; handlers are plain functions.

        Calls whose end is not final by then are handed out as they are.
        """
        try:
            for frame in frames:
                for change in self._tracker.feed(frame):
                    self._call_plain(self._see(change))
                self._call_plain(self._finals())
            self._call_plain(self._finals(everything=True))
        except Exception as error:
            self.failed = error
            raise
        finally:
            self._end()

    def _run_thread(self, options: dict[str, Any]) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(self.run(**options))
            await asyncio.gather(self._task, return_exceptions=True)  # `failed` has what ended it

        asyncio.run(main())

    def _end(self) -> None:
        self._over = True
        self._tracker.known.set()  # nothing needs to wait any longer

    def _on(self, kind: type[Happening], handler: H) -> H:
        self._handlers.setdefault(kind, []).append(handler)
        return handler

    def _see(self, change: Change) -> Iterator[Happening]:
        """What a change means, in the order in which it is to be handed out."""
        if isinstance(change, LegStarted):
            leg, queue_name = change.leg, self._tracker.queue_name(change.leg.queue_id)
            if leg.state is State.RINGING and leg.direction == "Incoming" and not change.inferred:
                yield ringing(leg, change.at, queue_name)
            elif leg.state is State.TALKING and not change.inferred:  # picked up from a queue, or transferred here
                yield answered(leg, change.at, queue_name)
        elif isinstance(change, LegAnswered):
            if change.leg.c2c != 1:  # else the agent took the own phone, and the customer is dialed
                yield answered(change.leg, change.at, self._tracker.queue_name(change.leg.queue_id))
        elif isinstance(change, CallEnded | CallRevised):
            self._ends(change.call, change.at)
        elif isinstance(change, CallResumed):
            self._pending.pop(change.call_id, None)
        elif isinstance(change, Missed):
            for call in change.snapshot.ended:
                if call.call_id not in self._handed_out:
                    self._ends(call, change.at)

    def _ends(self, call: Call, at: Seconds | None) -> None:
        since = at or call.ended_at or 0
        if call.call_id in self._pending:
            since = self._pending[call.call_id][0]
        self._pending[call.call_id] = since, call

    def _finals(self, *, everything: bool = False) -> Iterator[Happening]:
        now = self._tracker.time
        while self._pending:
            call_id, (since, call) = next(iter(self._pending.items()))
            if not everything and self._final_s and (now is None or now - since < self._final_s):
                return
            del self._pending[call_id]
            revised = call_id in self._handed_out
            self._handed_out[call_id] = None
            if len(self._handed_out) > _HANDED_OUT:
                self._handed_out.popitem(last=False)
            queue_name = self._tracker.queue_name(queue_of(call))
            if is_missed(call):
                yield missed(call, queue_name, revised=revised)
            yield ended(call, queue_name, revised=revised)

    async def _hand_out(self, happenings: Iterable[Happening]) -> None:
        for happening in happenings:
            for handler in self._handlers.get(type(happening), ()):
                try:
                    if inspect.iscoroutinefunction(handler):
                        await handler(happening)
                    else:
                        await asyncio.to_thread(handler, happening)
                except Exception as error:
                    self._failed(handler, error)

    def _call_plain(self, happenings: Iterable[Happening]) -> None:
        for happening in happenings:
            for handler in self._handlers.get(type(happening), ()):
                if inspect.iscoroutinefunction(handler):
                    name = handler.__name__
                    raise TypeError(f"play calls plain functions, and {name} is a coroutine function; use run")
                try:
                    handler(happening)
                except Exception as error:
                    self._failed(handler, error)

    def _failed(self, handler: Callable[..., object], error: Exception) -> None:
        if self._stops:
            raise error
        # Without its message and values, which may hold a phone number.
        _log.error("handler failed: handler=%s error=%s", getattr(handler, "__name__", "?"), type(error).__name__)


_NOT_MISSED = frozenset({Outcome.TRANSFERRED, Outcome.ANSWERED_ELSEWHERE, Outcome.LOST, Outcome.SPIED})


def is_missed(call: Call) -> bool:
    """Whether an ended call came in from outside and was answered by no one, as far as the stream shows.

    One whose end was lost is not counted: it may have been answered.
    """
    legs: tuple[Leg, ...] = call.past_legs
    inside = bool(legs) and all(leg.internal for leg in legs) and not call.past_waits
    return call.direction == "Incoming" and not inside and not call.answered and call.outcome not in _NOT_MISSED
