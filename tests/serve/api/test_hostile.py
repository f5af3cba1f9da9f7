"""Requests that are malformed in every part: none is a fault of the service, and none is left without an answer."""

from __future__ import annotations

import asyncio

from tests.live.harness import scenario
from tests.serve.security.test_guard import ALL, TOKENS
from tests.serve.service import TIMEOUT, service
from tests.serve.stream.test_streams import FRAMES

PATHS = [
    *("/board.css%00", "/%00", "/..%2f..%2fetc/passwd", "/%2e%2e/", "/\\..", "/a/../b", "/./board.css", "/board.css/"),
    *("/" + "a" * 300, "/" + "a" * 100_000, "/" + "a/" * 3000, "/?" + "a=b&" * 3000, "*", "http://x/", "/board.css;x"),
    *("/api/state%00", "/api/calls/%00", "/api/calls/%ff%fe", "/api/calls/x%2fy", "/api/calls/" + "9" * 5000, "/api/"),
    *(
        f"/api/state?at={at}"
        for at in ("1e308", "-1e308", "1e-320", "inf", "nan", "0001-01-01T00:00:00%2B14:00", "%ff")
    ),
    *(f"/api/kpis?since={at}&until={at}" for at in ("1e15", "-1e15", "253402300799", "-62135596800", "1e308")),
    *(f"/api/kpis?held={tag}" for tag in ("", "%00", "%22x%22", "..%2F", "\u202e")),
    *(f"/api/kpis?service_level_s={seconds}" for seconds in ("nan", "inf", "-inf", "1e-320", "1e308", "")),
    *(
        f"/api/changes?after={place}"
        for place in ("999999999999999999", "9" * 30, "-1", "1.99999999", "%00", "\U0001f600")
    ),
    *("/api/calls?limit=" + "9" * 30, "/api/calls?limit=1&limit=2", "/api/calls?=", "/api/calls?%00=%00"),
    *("/schema/x", "/schema/..", "/metrics/", "//api//state", "/api/session", "/\U0001f600"),
]
HEADERS = [
    *(
        b"Origin: http://[",
        b"Origin: \xff",
        b"Origin: http://]:x",
        b"Host: [",
        b"Host: \xff",
        b"Host: a:b:c",
        b"Host: 127.0.0.1\r\nHost: 127.0.0.1",
    ),
    *(b"Cookie: calltrack_session=\xff; a=b=c;;;=", b"Cookie: " + b"a=b;" * 5000, b"Authorization: Bearer \xff\xfe"),
    *(b"Authorization: Bearer " + b"x" * 50_000, b"Authorization: ", b"If-None-Match: \xff", b"Last-Event-ID: \xff"),
    *(b"Content-Type: \xff/;;=", b"Content-Type: application/json; charset=nope", b"Content-Length: -1"),
    *(b"Content-Length: 5\r\nContent-Length: 6", b"Transfer-Encoding: nope", b"Range: bytes=a-", b"Accept: \xff"),
    *(
        b"If-Modified-Since: x",
        b"Accept: */*;q=nope",
        b"traceparent: \xff",
        b"X-Forwarded-For: [",
        b"X-Forwarded-For: ,\xff",
    ),
    *(
        b"Upgrade: websocket\r\nConnection: upgrade",
        b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: x",
    ),
]
BODIES = [
    b'{"token":"\\ud800"}',
    b'{"token":"\xff"}',
    b'{"token":1}',
    b"\xff",
    b"[",
    b"[" * 60_000,
    b'{"token":"%b"}' % (b"x" * 70_000),
    b"null",
]
KINDS = [b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=", b"x", b""]
METHODS = [b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"FOO", b"CONNECT", b"PATCH"]


@scenario
async def test_no_malformed_request_is_a_fault_of_the_service() -> None:
    """With a token and without: paths, queries, headers, bodies and methods."""
    requests = [
        *((b"GET", path.encode(), b"", b"") for path in PATHS),
        *(
            (b"GET", path, one, b"")
            for path in (b"/", b"/api/state", b"/api/changes", b"/api/socket")
            for one in HEADERS
        ),
        *((b"POST", b"/api/session", b"Content-Type: " + kind, body) for kind in KINDS for body in BODIES),
        (b"POST", b"/api/socket", HEADERS[-2], b"abc"),
        *(
            (one, path, b"", b"")
            for one in METHODS
            for path in (b"/", b"/api/state", b"/health/live", b"/schema", b"/x")
        ),
    ]
    wrong = []
    async with service(TOKENS) as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        assert running.client._base_url is not None
        port = running.client._base_url.port or 0
        for request in requests:
            for token in (b"", ALL.encode()):
                answer = await _answer(port, token, *request)
                if not answer.startswith((b"HTTP/1.1 1", b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4")):
                    wrong.append((request, answer))

    assert [] == wrong


@scenario
async def test_a_body_that_is_none_is_refused_in_words() -> None:
    """What is missing, and what is not JSON."""
    async with service(TOKENS) as running:
        for body, reason in (
            (b"", "the body is missing"),
            (b'{"token":"\\ud800"}', "the body is not JSON"),
            (b"{", "too early"),
        ):
            async with running.client.post("/api/session", data=body) as answer:
                assert (400, True) == (answer.status, reason in await answer.text())


async def _answer(port: int, token: bytes, method: bytes, path: bytes, header: bytes, body: bytes) -> bytes:
    """The beginning of the answer."""
    lines = [b"%b %b HTTP/1.1" % (method, path), b"Connection: close"]
    if not header.startswith(b"Host"):
        lines.append(b"Host: 127.0.0.1")
    if token and not header.startswith(b"Authorization"):
        lines.append(b"Authorization: Bearer " + token)
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(TIMEOUT):
            writer.write(b"\r\n".join([*lines, *filter(None, [header]), b"", body]))
            return await reader.read(80)
    except ConnectionError:
        return b""
    finally:
        writer.close()
