"""The shape of the project: who may import whom, what is public, and that help is fast."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import calltrack

PACKAGE = Path(calltrack.__file__).parent
LAYERS = {
    "core": (),
    "cdr": ("core",),
    "voicenter": ("core", "cdr"),
    "recordings": ("core", "cdr", "voicenter", "journal"),
    "journal": ("core", "voicenter"),
    "live": ("core", "voicenter"),
    "simulate": (),
    "laws": ("core", "voicenter"),
    "kafka": ("core", "voicenter", "live", "recordings", "journal"),
    "testing": ("core", "voicenter", "simulate", "laws", "kafka"),
    "figures": ("core",),
    "words": ("core", "figures"),
    "export": ("core", "voicenter", "figures"),
    "reconcile": ("core",),
    "report": ("core", "figures", "export", "words", "reconcile"),
    "rest": ("core", "cdr", "voicenter", "live"),
    "feed": ("core", "voicenter", "recordings", "live", "rest"),
    "tui": ("core", "figures", "voicenter", "feed", "words"),
    "serve": ("core", "voicenter", "figures", "journal", "live", "recordings", "simulate", "feed", "words", "kafka"),
    "cli": (
        *("core", "voicenter", "recordings", "journal", "live", "laws", "figures", "words", "export", "report"),
        *("feed", "tui", "serve", "simulate", "kafka", "cdr", "reconcile", "rest"),
    ),
}
"""Each package, and the ones that it may import."""
IMPURE = {
    "asyncio",
    "datetime",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "socket",
    "sys",
    "threading",
    "time",
    "uuid",
}


def room(module: str) -> str:
    """The package of a module name after `calltrack.`."""
    return module.split(".")[0]


@cache
def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [one.name for one in node.names if one.name != "__version__"]
            found |= {node.module} if node.module != "calltrack" else {f"calltrack.{name}" for name in names}
    return found


@cache
def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
        if (path.name != "__main__.py" and path.parent != PACKAGE) or path.stem not in ("__init__", "__main__")
    }


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_one_way(module: str) -> None:
    """Nothing in the core imports a shell, no shell another one but where the table says so."""
    mine = {name.removeprefix("calltrack.") for name in imports(modules()[module]) if name.startswith("calltrack.")}

    assert {room(name) for name in mine} <= {room(module), *LAYERS[room(module)]}


@pytest.mark.parametrize("module", sorted(name for name in modules() if room(name) in ("core", "figures")))
def test_the_core_is_pure(module: str) -> None:
    """So are the figures: no clock, no files, no randomness, no logging, nothing awaited."""
    path = modules()[module]
    # For the local calendar; it is never asked what time it is.
    calendar = {"datetime"} if module in ("figures.days", "figures.opening", "figures.week") else set()

    assert not {name.split(".")[0] for name in imports(path)} & (IMPURE - calendar)
    assert not {"now", "today", "utcnow"} & {
        node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute) and calendar
    }
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Await | ast.AsyncFor)]


@pytest.mark.parametrize("module", sorted(modules()))
def test_only_the_shells_use_the_terminal(module: str) -> None:
    """click and rich are for the command line; the board in the terminal, an extra, draws with rich too."""
    allowed = {"cli": {"click", "rich"}, "tui": {"rich"}}.get(room(module), set[str]())

    assert {name.split(".")[0] for name in imports(modules()[module])} & {"click", "rich"} <= allowed


def classes(module: str) -> set[str]:
    """The names of the classes that a module of the core defines for users."""
    tree = ast.parse((PACKAGE / "core" / module).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def test_the_public_names() -> None:
    """The tools by name, every change, and every record; and each is there."""
    tools = {"AGENT_STATUSES", "CalltrackError", "Frame", "Outcome", "Recording", "Snapshot", "State", "Tracker"}
    expected = tools | {"read_recording", "CallRecording"} | classes("changes.py") | classes("records.py")

    assert sorted(expected) == calltrack.__all__
    assert all(getattr(calltrack, name) is not None for name in expected)
    assert calltrack.CallRecording().filename == ""
    assert set(expected) <= set(dir(calltrack))
    with pytest.raises(AttributeError):
        _ = calltrack.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_has_one_subject(path: Path) -> None:
    """Under about 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 420


def test_help_is_fast() -> None:
    """`calltrack --help` takes at most three times the processor time of `import attrs`; the best of five."""

    def best(*command: str) -> float:
        times = []
        for _ in range(5):
            start = os.times()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            end = os.times()
            times.append(end.children_user + end.children_system - start.children_user - start.children_system)
        return min(times)

    assert best("-m", "calltrack", "--help") <= 3 * best("-c", "import attrs")
