"""The vendor's other accounts of a running centre: Call Log, snapshots of active calls, CDR posts, pop-up requests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import aiohttp
from aiohttp import web

from calltrack.simulate.centre.things import Change, ExtensionChange
from calltrack.simulate.posting import CdrFaults, Postman
from calltrack.simulate.vendor import Vendor
from calltrack.simulate.vendor.calls import call_of
from calltrack.simulate.vendor.records import Part, Registrar, logged
from calltrack.simulate.vendor.releases import Json

CODE = "simulated-code"
"""What the REST interfaces are asked with."""
_MINUTE = 60.0
_AGAIN = 2.0  # s after which a post that was not answered comes again
_TRIES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """How the other accounts behave.

    cdr_url, popup_url: where records and pop-up requests are posted, "" for nowhere. most: records of one Call Log
    answer. a_minute: requests of the Call Log a minute. late_s: how long after the end of a call its records show
    there. snapshot_s: how often snapshots of active calls may be asked for.
    """

    cdr_url: str = ""
    popup_url: str = ""
    cdr_faults: CdrFaults | None = None
    most: int = 10_000
    a_minute: int = 30
    late_s: float = 120.0
    snapshot_s: float = 5.0


class OtherAccounts:
    """Sees a centre's changes, and answers and posts as the vendor does."""

    def __init__(self, vendor: Vendor, settings: Others, seed: int, spawn: Callable[[Any], Any]) -> None:
        self._vendor, self._world = vendor, vendor.world
        self._settings = settings
        self._registrar = Registrar(vendor.clocks, vendor.world)
        self._postman = Postman(settings.cdr_faults or CdrFaults(), seed)
        self._parts: list[Part] = []
        self._asked: deque[float] = deque()
        self._shown: dict[str, float] = {}
        self._spawn = spawn
        self.posted = self.answered = 0

    def routes(self) -> list[web.RouteDef]:
        """The REST interfaces."""
        found = [web.route(method, "/hub/cdr/", self._call_log) for method in ("GET", "POST")]
        found += [web.get("/GetExtensionsCalls", self._extensions), web.get("/GetQueuesCallers", self._queues)]
        return found

    def see(self, change: Change) -> None:
        """Take a change: what is over has records, what a desk does has a pop-up."""
        parts = self._registrar.see(change)
        self._parts += parts
        if self._settings.cdr_url:
            self._postman.take(parts)
            for posted in self._postman.due(self._world.now):
                self._spawn(self._post_record(posted.body))
        if self._settings.popup_url and isinstance(change, ExtensionChange) and change.leg is not None:
            phase = {"NEWCALL": "Ringing", "ANSWER": "Talking", "HANGUP": "Hangup"}.get(change.reason)
            if phase:
                self._spawn(self._post_popup(self._popup(change, phase)))

    # The Call Log

    async def _call_log(self, request: web.Request) -> web.Response:
        said: dict[str, Any] = dict(request.query)
        if request.method == "POST":
            with suppress(ValueError):
                body = await request.json()
                said |= body if isinstance(body, dict) else {}
        now = asyncio.get_running_loop().time()
        while self._asked and now - self._asked[0] > _MINUTE:
            self._asked.popleft()
        if len(self._asked) >= self._settings.a_minute:
            return _refused(1, "too many requests")
        self._asked.append(now)
        if said.get("code") != CODE:
            return _refused(2, "the code is not valid")
        since, until = _moment(said.get("fromdate")), _moment(said.get("todate"))
        if since is None or until is None or since > until:
            return _refused(5, "the range is not valid")
        ready = self._world.now - self._settings.late_s
        hits = [part for part in self._parts if since <= part.started <= until and part.at <= ready]
        shown = [logged(part) for part in hits[: self._settings.most]]
        return web.json_response(
            {"ERROR_NUMBER": 0, "TOTAL_HITS": len(hits), "RETURN_HITS": len(shown), "CDR_LIST": shown}
        )

    # Snapshots of active calls

    async def _extensions(self, request: web.Request) -> web.Response:
        if (refusal := self._too_often(request)) is not None:
            return refusal
        local, release = self._local, self._world.release
        return self._dated(
            {
                "ERR": 0,
                "EXTENSIONS": [
                    {
                        "username": desk.exten,
                        "name": desk.owner.name,
                        "userID": desk.owner.user_id,
                        "onlineUserID": desk.online.user_id if desk.online else 0,
                        "representative": desk.online.user_id if desk.online else 0,
                        "onlineUserStatus": desk.status,
                        "calls": [call_of(leg, local, release) for leg in desk.legs],
                    }
                    for desk in self._world.desks
                ],
            }
        )

    async def _queues(self, request: web.Request) -> web.Response:
        if (refusal := self._too_often(request)) is not None:
            return refusal
        return self._dated(
            {
                "ERR": 0,
                "QUEUES": [
                    {
                        "ID": queue.queue_id,
                        "Name": queue.name,
                        "Weight": 1,
                        "Callers": [
                            {
                                "Phone": entry.call.phone,
                                "CallID": entry.call.ivrid,
                                "JoinTime": self._local(entry.joined),
                                "Duration": int(self._world.now) - entry.joined,
                            }
                            for entry in queue.waiting
                        ],
                    }
                    for queue in self._world.queues
                ],
            }
        )

    def _dated(self, said: Json) -> web.Response:
        """An answer whose Date is the time of the simulated world."""
        return web.json_response(said, headers={"Date": formatdate(self._world.now, usegmt=True)})

    def _too_often(self, request: web.Request) -> web.Response | None:
        if request.query.get("code") != CODE:
            return web.json_response({"ERR": 2, "DESC": "the code is not valid"})
        now = asyncio.get_running_loop().time()
        if now - self._shown.get(request.path, float("-inf")) < self._settings.snapshot_s:
            return web.json_response({"ERR": 1, "DESC": "too many requests"})
        self._shown[request.path] = now
        return None

    def _local(self, at: int) -> int:
        return self._vendor.clocks.local(at) if at else 0

    # Posts

    async def _post_record(self, body: Json) -> None:
        """Until it is answered as the vendor expects, or given up."""
        self.posted += 1
        for _ in range(_TRIES):
            answer = await _post(self._settings.cdr_url, body)
            if isinstance(answer, dict) and answer.get("Err") == 0:
                self.answered += 1
                return
            await asyncio.sleep(_AGAIN)

    async def _post_popup(self, body: Json) -> None:
        await _post(self._settings.popup_url, body)

    def _popup(self, change: ExtensionChange, phase: str) -> Json:
        leg = change.leg
        assert leg is not None
        phone = leg.phone
        return {
            "phone": f"972{phone[1:]}" if phone.isdecimal() and phone.startswith("0") else phone,
            "callerName": leg.name,
            "ivrid": leg.call.ivrid,
            "extenUser": leg.desk.exten,
            "did": leg.did,
            "status": phase,
            "cause": change.cause,
            "direction": leg.direction,
            "isMuted": int(leg.call.muted),
            "isAnswered": leg.answered,
            "callStarted": self._local(leg.started),
            "callAnswered": self._local(leg.answered_at),
            "recordFile": leg.call.file,
            "currentCall": call_of(leg, self._local, self._world.release),
        }


def _refused(number: int, text: str) -> web.Response:
    return web.json_response({"ERROR_NUMBER": number, "ERROR_DESCRIPTION": text, "CDR_LIST": []})


def _moment(text: object) -> float | None:
    """ISO 8601 in GMT as UTC epoch s."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


async def _post(url: str, body: Json) -> Any:
    """The JSON of the answer; None if there is none."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.post(url, json=body) as answer,
        ):
            return await answer.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
        return None
