"""The simulator stands alone: nothing of the tracker in it, and no network library to write a recording."""

import ast
import subprocess
import sys
from pathlib import Path

import calltrack.simulate

PACKAGE = Path(calltrack.simulate.__file__).parent


def test_no_module_imports_the_rest_of_calltrack() -> None:
    """A judge must not share code with what it judges."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            foreign = [name for name in names if name.startswith("calltrack") and "simulate" not in name]
            assert not foreign, path.name


def test_recordings_need_no_network_library() -> None:
    """And the command starts without the simulator."""
    show = "import sys, {}; print([m for m in ('aiohttp', 'rich') if m in sys.modules])"
    for module in ("calltrack.simulate", "calltrack.cli.simulate"):
        run = [sys.executable, "-c", show.format(module)]
        assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "[]\n"
