"""The Call Log: the records of a range of time, within the vendor's limits (vendor's guide; field guide §9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec

from calltrack.cdr.shapes import CallLogRefused, records_of
from calltrack.core.errors import CalltrackError
from calltrack.live.network import FAILURES, Network
from calltrack.voicenter.texts import or_mended

URL = "https://api.voicenter.com/hub/cdr/"
A_MINUTE = 30
"""Requests that the vendor takes a minute."""
_TOO_FAST = 1
_WAIT_S = 5.0  # after "too fast"
_TRIES = 8
_LONGEST_WAIT_S = 60.0
_TIMEOUT = aiohttp.ClientTimeout(total=120)

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class CallLogUnreachable(CalltrackError):
    """The Call Log did not answer, or not with JSON, in several tries; says why, never the code."""


class CallLog:
    """Asks for records. `code` is the account's; `pause_s` is between two requests.

    on_wait is called with the reason and the wait, s.
    """

    def __init__(
        self,
        code: str,
        url: str = URL,
        *,
        network: Network | None = None,
        pause_s: float = 60 / A_MINUTE,
        on_wait: Callable[[str, float], None] = lambda why, seconds: None,
    ) -> None:
        self._code, self._url = code, url
        self._network = network or Network()
        self._pause_s = pause_s
        self._on_wait = on_wait
        self._last = float("-inf")

    async def records(self, since: float, until: float) -> AsyncIterator[bytes]:
        """Every record of a call that began in [since, until] (UTC epoch s), each as JSON.

        A range with more records than one answer holds is halved until each part fits. Raises CallLogRefused and
        CallLogUnreachable.
        """
        ranges = [(int(since), int(until))]
        async with self._network.session(self._url, _TIMEOUT) as session:
            while ranges:
                begin, end = ranges.pop()
                fields, found = await self._ask(session, begin, end)
                if _count(fields, "TOTAL_HITS") > len(found) and end > begin:
                    middle = (begin + end) // 2
                    ranges += [(middle + 1, end), (begin, middle)]
                    continue
                for record in found:
                    yield record

    async def _ask(self, session: aiohttp.ClientSession, since: int, until: int) -> tuple[dict[str, Any], list[bytes]]:
        said = {"code": self._code, "fromdate": _iso(since), "todate": _iso(until)}
        wait, why = 1.0, ""
        for _ in range(_TRIES):
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, self._last + self._pause_s - loop.time()))
            self._last = loop.time()
            try:
                async with session.post(self._url, json=said) as answer:
                    body = await answer.read()
                    why = f"status {answer.status}"
                fields = or_mended(_object.decode, body)
                return fields, records_of(fields) or []
            except CallLogRefused as error:
                if error.number != _TOO_FAST:
                    raise
                wait, why = max(wait, _WAIT_S), "it was asked too fast"
            except msgspec.DecodeError:
                why = f"{why}, not JSON"
            except FAILURES as error:
                why = type(error).__name__
            self._on_wait(why, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)
        raise CallLogUnreachable(f"the Call Log did not answer in {_TRIES} tries: {why}")


def _count(fields: dict[str, Any], name: str) -> int:
    try:
        value = msgspec.json.decode(fields[name])
        return int(value)
    except (KeyError, ValueError, TypeError, msgspec.DecodeError):
        return 0


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
