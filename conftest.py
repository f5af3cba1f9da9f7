"""The examples in README.md run as tests; how much hypothesis tries; which tests are slow, and which stay together."""

import signal

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
    """Mark what `.ci/test --fast` leaves out, and keep the examples of a page in one process: they share names."""
    for item in items:
        if _HEAVY & {*getattr(item, "fixturenames", ())}:
            item.add_marker(pytest.mark.slow)
        if item.path.suffix == ".md":
            item.add_marker(pytest.mark.xdist_group(item.path.name))
