"""A page written like the vendor's example, in Chromium, against `simulate serve --tls` with nothing between.

The browser's resolver points the vendor's names at the simulator, as a hosts file would, and it trusts the simulator's
certificate alone. Only the SDK, which is not ours to copy, is a stand-in (sdk.js).
"""

import hashlib
import os
import signal
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright.sync_api import Page, expect, sync_playwright

from tests.npm import installed
from tests.page.browser import ARGUMENTS, NoBrowser, executable
from tests.simulate.sockets import CLIENTS

HERE = Path(__file__).parent
SDK = "https://cdn.voicenter.co/cdn/events-sdk/voicenter-events-sdk.umd.js"


@pytest.fixture(scope="module")
def packages() -> Path:
    """Where npm has the clients, as locked."""
    return installed(CLIENTS)


@contextmanager
def served(authority: Path, script: Path, servers: int = 1) -> Iterator[str]:
    """The command, with TLS; gives the address of its first server."""
    options = ["--port", "0", "--tls", "--ca-out", authority, "--socket-client", script, "--socket-servers", servers]
    process = subprocess.Popen(
        [sys.executable, "-m", "calltrack", "simulate", "serve", "--agents", "9", "--speed", "600", *map(str, options)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[2].rstrip(",")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def _key(address: str, authority: Path) -> str:
    """The hash of the server's key, as Chromium wants it; its certificate has to be the authority's."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    assert host and port
    certificate = ssl.get_server_certificate((host, port), ca_certs=str(authority), timeout=30)
    key = load_pem_x509_certificate(certificate.encode()).public_key()
    found = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(hashlib.sha256(found).digest()).decode()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _website() -> Iterator[str]:
    """This folder on a port: a page of the user's own, on loopback as the simulator is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=HERE))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def visiting(address: str, authority: Path) -> Iterator[Page]:
    """The page, opened in a browser that finds the vendor's names at this address."""
    port = urlsplit(address).port
    arguments = [
        *ARGUMENTS,
        "--no-proxy-server",
        f"--host-resolver-rules=MAP *.voicenter.co.il:443 127.0.0.1:{port}",
        f"--ignore-certificate-errors-spki-list={_key(address, authority)}",
    ]

    try:
        path = executable()
    except NoBrowser as error:
        pytest.fail(str(error))
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with _website() as website, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments, env=dict(environment))
        try:
            page = chromium.new_page()
            page.route(SDK, lambda route: route.fulfill(path=HERE / "sdk.js"))
            page.goto(f"{website}/page.html")
            yield page
        finally:
            chromium.close()


@pytest.mark.parametrize("age", ["1", "2"])
def test_the_example_page_hears_its_extension_and_stays_logged_in(tmp_path: Path, packages: Path, age: str) -> None:
    """Login, the client script, the socket, a keepalive, a refresh with a new socket."""
    authority = tmp_path / "ca.pem"
    with served(authority, packages / f"socket.io-client-{age}") as address, visiting(address, authority) as page:
        expect(page.locator("#status-txt")).to_have_text("Connected", timeout=30_000)
        expect(page.locator("#response-body p").first).to_contain_text("SIP00002 ", timeout=30_000)
        assert page.evaluate("extensions") == ["SIP00002"]
        page.evaluate("sdk.emit('keepalive', sdk.session.Token)")
        expect(page).to_have_title("kept alive: 0", timeout=30_000)
        before = page.evaluate("sdk.session.Token")
        page.evaluate("document.getElementById('status-txt').textContent = 'Refreshing'; sdk.refresh()")
        expect(page.locator("#status-txt")).to_have_text("Connected", timeout=30_000)
        assert page.evaluate("sdk.session.Token") != before
        page.evaluate("sdk.emit('resync', { cache: false })")
        page.wait_for_function("extensions.length === 3", timeout=30_000)


def test_the_newer_stack_takes_the_server_of_the_highest_priority(tmp_path: Path, packages: Path) -> None:
    """Login, settings, IdentityCode, MonitorList; and the same after a refresh."""
    authority = tmp_path / "ca.pem"
    script = packages / "socket.io-client-2"
    with served(authority, script, servers=3) as address, visiting(address, authority) as page:
        expect(page.locator("#status-txt")).to_have_text("Connected", timeout=30_000)
        options = {
            "isNewStack": True,
            "token": "simulated-account-token",
            "loginUrl": f"{address}/Auth/Login/Voicenter/Monitor",
            "getSettingsUrl": f"{address}/Application/GetSettings",
            "refreshTokenUrl": f"{address}/Auth/RefreshToken",
        }
        page.evaluate(
            "async (options) => { window.heard = []; window.newer = new EventsSDK(options);"
            "  newer.on('loginStatus', (status) => heard.push(status.queues.length)); await newer.init() }",
            options,
        )
        page.wait_for_function("heard.length === 1", timeout=30_000)
        assert page.evaluate("newer.socket.io.uri") == address
        page.evaluate("newer.refresh()")
        page.wait_for_function("heard.length === 2", timeout=30_000)
        assert page.evaluate("heard") == [4, 4]
