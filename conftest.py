"""The examples in README.md run as tests; how much hypothesis tries; which tests are slow, and which stay together."""

import signal
from typing import Any

import pytest
from hypothesis import settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("fast", deadline=None, derandomize=True, max_examples=20)
settings.register_profile("long", deadline=None, max_examples=3000)
settings.load_profile("ci")

# A shell has its background jobs ignore Ctrl-C, nohup has them ignore a hang-up, and what they start inherits that;
# tests send both to their processes.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

_HEAVY = {"chromium", "npm", "npm_clients", "npm_servers"}
"""Fixtures that need a browser or Node.js: what uses them is slow."""

pytest_collect_file = Sybil(parsers=[PythonCodeBlockParser()], patterns=["README.md"]).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `.ci/test --fast` leaves out."""
    for item in items:
        if _HEAVY & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Any process takes the next test, but what shares something is together.

    The examples of a page share names, the tests of a broker a fleet that takes a minute to start. (The groups of
    xdist 3.8 are without effect in pytest 9.2.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if file.endswith(".md") or file.startswith("tests/kafka/") else nodeid

    return Together(config, log)
