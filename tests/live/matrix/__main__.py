"""`python -m tests.live.matrix [WORD …]`: the table of faults and server versions.

WORDs choose the faults whose names have one of them. Exit code 1 if anything is not as expected.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from json import loads

from calltrack.live.login import Protocol
from tests.live import test_faults, test_losses, test_supervisor
from tests.live.faults import FAULTS as WRONG
from tests.live.harness import SERVERS, VERSIONS
from tests.live.matrix import dialling, login, running
from tests.live.talking import Relay
from tests.npm import installed

Case = Callable[[str, Protocol], None]
FAULTS: dict[str, Case] = {
    "login: answers 500": login.answers_500,
    "login: 502 with an HTML page": login.answers_a_gateways_page,
    "login: 200 with an HTML page": login.answers_html,
    "login: JSON without a session": login.answers_without_a_session,
    "login: 429 with Retry-After": login.asks_to_wait,
    "login: connection closed": login.closes_the_connection,
    "login: name does not resolve": login.has_no_address,
    "login: certificate not trusted": login.has_a_certificate_that_is_not_trusted,
    "login: refused at once (final)": login.refuses,
    "login: refused after it worked": login.refuses_what_it_let_in,
    **{f"dial: {one}": partial(test_faults.test_passes_a_faulty_server_by, one) for one in WRONG},
    "dial: connection refused": dialling.nothing_listens,
    "dial: name does not resolve": dialling.has_no_address,
    "dial: certificate not trusted": dialling.has_a_certificate_that_is_not_trusted,
    "dial: proxy closes connections": dialling.is_behind_a_proxy_that_fails,
    "token: refused by the namespace": test_supervisor.test_logs_in_again_when_the_namespace_refuses,
    "token: refused by keepalive": test_supervisor.test_logs_in_again_when_the_token_is_refused,
    "token: ends": running.token_ends,
    "lost: engine close": running.engine_closes,
    "lost: namespace disconnect": running.namespace_disconnects,
    "lost: kicked (closeme)": running.kicks,
    "lost: server killed, and back": test_supervisor.test_comes_back_after_kill_9,
    "lost: frozen": test_losses.test_leaves_a_frozen_server_long_before_its_heartbeat,
    "lost: half-open": partial(test_losses.test_leaves_a_connection_that_hands_on_nothing, Relay.hold),
    "lost: swallowed": partial(test_losses.test_leaves_a_connection_that_hands_on_nothing, Relay.swallow),
    "lost: heartbeat stops": running.stops_its_heartbeat,
    "lost: deaf": test_supervisor.test_leaves_a_deaf_server,
    "asleep": running.slept,
    "packet: binary header": running.binary_header,
    "packet: huge header": running.huge_header,
    "packet: not understood, ten kinds": test_supervisor.test_survives_a_packet_it_cannot_read,
    "packet: half a surrogate pair": running.half_a_surrogate_pair,
}
"""By the name in the table."""


def _outcome(case: Case, package: str, protocol: Protocol) -> str:
    try:
        case(package, protocol)
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0] or "not as expected"
    return ""


def main() -> None:
    """Run what was asked for."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("CALLTRACK_"):
            del os.environ[name]
    logging.getLogger("calltrack").addHandler(logging.NullHandler())
    installed(SERVERS)
    packages = loads((SERVERS / "package.json").read_text())["dependencies"]
    chosen = {name: one for name, one in FAULTS.items() if not sys.argv[1:] or any(w in name for w in sys.argv[1:])}
    wide = max(map(len, chosen), default=0)
    print(f"{'fault':{wide}}", *(f"{packages[package].rpartition('@')[2]:>7}" for package, _ in VERSIONS), flush=True)
    wrong, began = list[str](), time.monotonic()
    for name, case in chosen.items():
        print(f"{name:{wide}}", end="", flush=True)
        for package, protocol in VERSIONS:
            why = _outcome(case, package, protocol)
            print(f" {'WRONG' if why else 'ok':>7}", end="", flush=True)
            if why:
                wrong.append(f"{name}, {package}: {why}")
        print(flush=True)
    total = len(chosen) * len(VERSIONS)
    seconds = time.monotonic() - began
    print(
        f"{len(chosen)} faults, {len(VERSIONS)} versions: {total - len(wrong)} of {total} as expected, {seconds:.0f} s"
    )
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
