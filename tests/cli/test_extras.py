"""A library that is missing is named, with the command that installs it."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from calltrack.cli import COMMANDS
from calltrack.cli.extras import DISTRIBUTION, EXTRAS, missing

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RECORDING = str(ROOT / "fixtures" / "scenarios" / "incoming-answered.jsonl")
NEEDING = {
    "excel": ["export", RECORDING, "-o", "calls.xlsx"],
    "alerts": ["serve", "--simulate", "--config", str(Path(__file__).parent / "alerts.toml")],
    "kafka": ["cluster", "accounts", "--kafka", "127.0.0.1:1"],
    "live": ["listen"],
    "oidc": ["serve", "--simulate", "--config", str(Path(__file__).parent / "oidc.toml")],
    "parquet": ["export", RECORDING, "--table", "calls", "-o", "calls.parquet"],
    "report": ["report", RECORDING, "--html", "report.html"],
    "serve": ["serve", "--simulate"],
    "simulate": ["simulate", "serve"],
    "traces": ["serve", "--simulate", "--listen", "127.0.0.1:0"],
    "watch": ["watch", RECORDING],
}
"""A command for each extra; `testing` is for programs."""
_RUN = """\
import os, sys
for name in {blocked!r}:
    sys.modules[name] = None
for stream in (sys.stdin, sys.stdout, sys.stderr):
    stream.isatty = lambda: {terminal!r}
os.environ.update(CALLTRACK_TOKEN="token", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
from calltrack.cli import main
code = 0
for arguments in {commands!r}:
    sys.argv = ["calltrack", *arguments]
    try:
        main()
    except SystemExit as ended:
        code = code or ended.code
sys.exit(code)
"""


def run_without(modules: set[str], folder: Path, *commands: list[str]) -> subprocess.CompletedProcess[str]:
    """Commands, one after the other, in a process that cannot import these modules."""
    code = _RUN.format(blocked=sorted(modules), commands=commands, terminal=commands[0][0] == "watch")
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("extra", sorted({*PROJECT["optional-dependencies"]} - {"testing"}))
def test_a_command_without_its_extra_says_what_to_install(extra: str, tmp_path: Path) -> None:
    """One line, no traceback, exit code 2, no file left behind."""
    done = run_without({*EXTRAS[extra]}, tmp_path, NEEDING[extra])

    assert 2 == done.returncode
    assert re.fullmatch(
        rf"calltrack: \w+ needs \w+, which is not installed: pip install '{DISTRIBUTION}\[{extra}\]'\n", done.stderr
    )
    assert [] == list(tmp_path.iterdir())


def test_help_needs_no_extra(tmp_path: Path) -> None:
    """Of every command."""
    extras = {name for modules in EXTRAS.values() for name in modules}
    done = run_without(extras, tmp_path, *([command, "--help"] for command in sorted(COMMANDS)))

    assert (0, "") == (done.returncode, done.stderr)
    assert sorted(COMMANDS) == re.findall(r"^Usage: calltrack ([\w-]+)", done.stdout, re.MULTILINE)


def test_every_requirement_of_every_extra_is_known() -> None:
    """The table has a module for each distribution in pyproject.toml, and no extra that is not there."""
    modules: dict[str, set[str]] = {}
    for module, distributions in packages_distributions().items():
        for distribution in distributions:
            modules.setdefault(re.sub(r"[-_.]+", "-", distribution).lower(), set()).add(module)
    for extra, requirements in PROJECT["optional-dependencies"].items():
        for requirement in requirements:
            name = re.split(r"[<>=!~;\[ ]", requirement)[0]
            assert modules[name] & {*EXTRAS[extra]}, f"{extra}: {name}"
    assert PROJECT["optional-dependencies"].keys() == EXTRAS.keys()
    assert PROJECT["name"] == DISTRIBUTION


def test_what_is_no_extra() -> None:
    """A library of the core, which a broken installation lacks, is named; a module of calltrack is a bug."""
    broken = str(missing("msgspec.json", "replay"))

    assert broken.startswith("replay needs msgspec, ")
    assert broken.endswith(f": pip install --force-reinstall '{DISTRIBUTION}'")
    assert missing("calltrack.nothing", "replay") is None
    assert f"'{DISTRIBUTION}[live]'" in str(missing("aiohttp", "")), "without a command, the first extra that has it"
