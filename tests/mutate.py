"""Mutation testing of modules, tables included: `python -m tests.mutate calltrack/core/table.py`.

Changes one thing at a time (a comparison, a constant, a condition, a row of a table, a name of a state) in memory, and
runs the core's quick tests in a process of its own. Prints every change that no test noticed, with its place; exit code
1 if there is one. Tools that wrap functions to mutate them do not reach tables, which is where this project decides.
"""

from __future__ import annotations

import ast
import copy
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import click
import pytest

TESTS = ["tests/core", "tests/test_scenarios.py", "tests/laws", "tests/voicenter", "tests/words", "tests/test_docs.py"]
_LONGEST_S = 60  # a mutant that runs on for ever is noticed
_PAIRS: tuple[tuple[type[ast.AST], type[ast.AST]], ...] = (
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.And, ast.Or),
    (ast.Add, ast.Sub),
)
_OTHER = dict(_PAIRS) | {second: first for first, second in _PAIRS}
_STATES = ("QUEUED", "RINGING", "DIALING", "TALKING", "HOLD", "SPYING", "UNKNOWN", "IDLE", "HUNGUP")


def _changes(node: ast.AST) -> Iterator[tuple[str, str, object]]:
    """What can be changed of a node: in words, the name of the field, and its new value."""
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            new = _OTHER[type(op)]()
            yield f"{type(op).__name__} is {type(new).__name__}", "ops", [*node.ops[:at], new, *node.ops[at + 1 :]]
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _OTHER:
        yield f"{type(node.op).__name__} is {_OTHER[type(node.op)].__name__}", "op", _OTHER[type(node.op)]()
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} is {not node.value}", "value", not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield f"{node.value} is {node.value + 1}", "value", node.value + 1
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield f"{node.value!r} is another text", "value", f"{node.value}x"
    elif isinstance(node, ast.Name) and node.id in _STATES and isinstance(node.ctx, ast.Load):
        other = _STATES[(_STATES.index(node.id) + 3) % len(_STATES)]
        yield f"{node.id} is {other}", "id", other
    elif isinstance(node, ast.Tuple | ast.Set) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        for at in range(len(node.elts)):
            yield f"without {ast.unparse(node.elts[at])}", "elts", node.elts[:at] + node.elts[at + 1 :]
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield f"not {ast.unparse(node.test)}", "test", ast.UnaryOp(ast.Not(), node.test)


def mutants(source: str) -> Iterator[tuple[int, str, ast.Module]]:
    """Every changed version of a module: line, what was changed, and its tree."""
    tree = ast.parse(source)
    skipped: set[int] = set()  # docstrings, messages for people, annotations
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped |= set(map(id, ast.walk(node)))
        elif isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.arg | ast.Import | ast.ImportFrom):
            inner = node.annotation if isinstance(node, ast.AnnAssign | ast.arg) else node
            skipped |= set(map(id, ast.walk(inner))) if inner is not None else set()
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            skipped |= set(map(id, ast.walk(node.returns)))
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in skipped:
            continue
        for what, field, value in _changes(node):
            changed = copy.deepcopy(tree)
            target = next(found for at, found in enumerate(ast.walk(changed)) if at == number)
            setattr(target, field, value)
            yield getattr(node, "lineno", 0), what, ast.fix_missing_locations(changed)


class _Instead(MetaPathFinder, Loader):
    """Gives a module other code than its file has."""

    def __init__(self, name: str, path: Path, code: CodeType):
        self._name, self._path, self._code = name, path, code

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(fullname, self._path, loader=self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


def unnoticed(path: Path, tree: ast.Module) -> bool:
    """Whether all tests pass with this version of the module."""
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        signal.alarm(_LONGEST_S)
        name = ".".join(path.with_suffix("").parts)
        sys.meta_path.insert(0, _Instead(name, path, compile(tree, str(path), "exec")))
        try:
            failed = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *TESTS])
        except BaseException:
            failed = 1
        os._exit(bool(failed))
    _, status = os.waitpid(child, 0)
    return status == 0


@click.command(help=__doc__)
@click.argument("modules", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--jobs", default=os.cpu_count() or 1, show_default="number of processors")
def main(modules: tuple[Path, ...], jobs: int) -> None:
    alive = 0
    for path in modules:
        found = list(mutants(path.read_text(encoding="utf-8")))
        with ThreadPoolExecutor(jobs) as pool:
            results = pool.map(unnoticed, [path] * len(found), [tree for _, _, tree in found])
            here = 0
            for (line, what, _), survived in zip(found, results, strict=True):
                if survived:
                    here += 1
                    click.echo(f"{path}:{line}: {what}")
        alive += here
        click.echo(f"{path}: {len(found)} changes, {here} not noticed")
    sys.exit(alive > 0)


if __name__ == "__main__":
    main()
