"""The examples in README.md run as tests; how much hypothesis tries; which tests are slow, and which stay together."""

import inspect
import signal
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType
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
"""Fixtures that need a browser or Node.js: a test that uses them is slow."""

_BESIDE = {"Popen", "create_subprocess_exec"}
"""What starts a process that runs beside a test, such as a service or a broker: a test that calls it is slow."""

pytest_collect_file = Sybil(parsers=[PythonCodeBlockParser()], patterns=["README.md"]).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `.ci/test --fast` leaves out; what is marked `quick` is in it although it starts a process."""
    for item in items:
        if isinstance(item, pytest.Function) and not item.get_closest_marker("quick"):
            fixtures = [one for several in item._fixtureinfo.name2fixturedefs.values() for one in several]
            if _HEAVY & {*item.fixturenames} or _starts(item.function, *(fixture.func for fixture in fixtures)):
                item.add_marker(pytest.mark.slow)


def _starts(*functions: object) -> bool:
    """Whether these, or what they use of the tests, start a process that runs beside them."""
    waiting, seen = [*functions], set[object]()
    while waiting:
        if (one := waiting.pop()) not in seen:
            seen.add(one)
            names, used = _uses(one)
            if names & _BESIDE:
                return True
            waiting += used
    return False


@cache
def _uses(one: object) -> tuple[set[str], list[object]]:
    """The names in the code of a function or class, and the functions and classes of the tests among them."""
    parts = map(inspect.unwrap, filter(callable, vars(one).values() if isinstance(one, type) else [one]))
    named = {
        name: part.__globals__.get(name)
        for part in parts
        if isinstance(part, FunctionType)
        for name in _names(part.__code__)
    }
    things = (thing for thing in named.values() if isinstance(thing, FunctionType | type))
    return {*named}, [thing for thing in things if str(thing.__module__).startswith("tests.")]


def _names(code: CodeType) -> Iterator[str]:
    """The names in some code, the functions within it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


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
