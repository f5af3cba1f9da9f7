"""Active calls and waiting callers by polling, as the full lists that the socket sends after a login.

The vendor's snapshots have no stamp. Their time is that of the answer's Date header, which is the server's own clock;
its local time needs the account's offset: the stream's last one, or the zone's.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import aiohttp
import msgspec

from calltrack.core.errors import CalltrackError
from calltrack.live.network import FAILURES, Network, checked_url
from calltrack.voicenter.frames import Frame
from calltrack.voicenter.texts import or_mended

LEAST_S = 5.0
"""The vendor takes no snapshot oftener than that."""
_TIMEOUT = aiohttp.ClientTimeout(total=20)
_EXTENSION = {
    "username": "extenUser",
    "name": "userName",
    "userID": "userID",
    "onlineUserID": "onlineUserID",
    "representative": "representative",
    "onlineUserStatus": "representativeStatus",
    "calls": "calls",
}

_any = msgspec.json.Decoder()


class PollFailed(CalltrackError):
    """A snapshot was not given; says why, never the code."""


class Snapshot(NamedTuple):
    """The full lists of one moment."""

    extensions: Frame
    queues: Frame


class Poller:
    """Asks for snapshots at `url`/GetExtensionsCalls and `url`/GetQueuesCallers.

    offset_min: what the account's clock is ahead of UTC at a moment (UTC epoch s), None if it is not known.
    """

    def __init__(
        self, url: str, code: str, offset_min: Callable[[float], float | None], network: Network | None = None
    ) -> None:
        self._url, self._code = checked_url(url), code
        self._offset_min = offset_min
        self._network = network or Network()

    async def snapshot(self, received: float) -> Snapshot:
        """Ask once; `received` is the reader's time, UTC epoch s. Raises PollFailed."""
        async with self._network.session(self._url, _TIMEOUT) as session:
            extensions, at = await self._ask(session, "GetExtensionsCalls", "EXTENSIONS")
            queues, at_2 = await self._ask(session, "GetQueuesCallers", "QUEUES")
        listed = {"extensions": [_extension(one) for one in extensions if isinstance(one, dict)]}
        waiting = {"queues": [_queue(one) for one in queues if isinstance(one, dict)]}
        return Snapshot(
            Frame.of("AllExtensionsStatus", {**self._stamp(at), **listed, "errorCode": 0}, received),
            Frame.of("loginStatus", {**self._stamp(at_2), **waiting, "errorCode": 0}, received),
        )

    async def _ask(self, session: aiohttp.ClientSession, name: str, member: str) -> tuple[list[Any], float | None]:
        try:
            async with session.get(f"{self._url}/{name}", params={"code": self._code}) as answer:
                body = await answer.read()
                date = answer.headers.get("Date", "")
                status = answer.status
        except FAILURES as error:
            raise PollFailed(f"{name}: {type(error).__name__}") from None
        try:
            said = or_mended(_any.decode, body)
        except msgspec.DecodeError:
            raise PollFailed(f"{name}: status {status}, not JSON") from None
        if not isinstance(said, dict) or not isinstance(said.get(member), list):
            number = said.get("ERR") if isinstance(said, dict) else None
            raise PollFailed(f"{name}: error {number if isinstance(number, int) else '?'}")
        try:
            at = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            at = None
        return said[member], at

    def _stamp(self, at: float | None) -> dict[str, float]:
        """The stamps of a frame; nothing where the server's time is not known."""
        offset = None if at is None else self._offset_min(at)
        if at is None or offset is None:
            return {}
        return {"servertime": int(at + offset * 60), "servertimeoffset": offset}


def _extension(said: dict[str, Any]) -> dict[str, Any]:
    found = {ours: said[theirs] for theirs, ours in _EXTENSION.items() if theirs in said}
    found.setdefault("calls", [])
    return found


def _queue(said: dict[str, Any]) -> dict[str, Any]:
    callers = said.get("Callers")
    return {
        "QueueID": said.get("ID"),
        "QueueName": said.get("Name"),
        "Calls": [
            {
                "CallerID": one.get("Phone"),
                "ivrid": one.get("CallID"),
                "IvrUniqueID": one.get("CallID"),
                "JoinTimeStamp": one.get("JoinTime"),
            }
            for one in (callers if isinstance(callers, list) else [])
            if isinstance(one, dict)
        ],
    }
