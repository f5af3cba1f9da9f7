"""The operators' files name commands, options and metrics that exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

import calltrack.kafka.metrics
from calltrack.cli import commands

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.suffix in (".yaml", ".service") or path.name == "Dockerfile")


def command_lines(path: Path) -> Iterator[list[str]]:
    """What stands behind `calltrack` in the commands of a file."""
    text = path.read_text(encoding="utf-8")
    for found in re.findall(r"^(?:    command: calltrack|ExecStart=\S+/calltrack) (.*)$", text, re.MULTILINE):
        yield shlex.split(re.sub(r"\$\{(LISTEN|METRICS)\}", "127.0.0.1:1", found).replace(" $OPTIONS", ""))
    for found in re.findall(r"command: \[calltrack, (.*)\]$", text, re.MULTILINE):
        yield [str(one) for one in yaml.safe_load(f"[{found}]")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_commands_are_understood(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option is one that the command has, with a value that it takes."""
    monkeypatch.setenv("CALLTRACK_KAFKA", "kafka:9092")
    configuration = tmp_path / "serve.toml"
    configuration.write_text('listen = "127.0.0.1:1"\n')
    for arguments in command_lines(path):
        arguments = [str(configuration) if one.endswith("/serve.toml") else one for one in arguments]
        command: click.Command = commands
        with click.Context(commands) as context:
            while isinstance(command, click.Group):
                name = arguments.pop(0)
                found = command.get_command(context, name)
                assert found is not None, name
                command = found
        command.make_context(command.name, [*arguments]).close()


def test_there_are_commands() -> None:
    """The test above looks at something."""
    assert 8 <= sum(1 for path in FILES for _ in command_lines(path))


def test_the_image_has_no_login_in_it() -> None:
    """It is built of what is named, which is all that the package needs."""
    root = DEPLOY.parents[1]
    copied = re.findall(r"^COPY (.*) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    named = set(" ".join(copied).split())
    first, *rest = [one for one in (root / ".dockerignore").read_text().splitlines() if not one.startswith("#")]

    assert "*" == first
    assert named == {one.removeprefix("!") for one in rest if one.startswith("!")}
    assert {"pyproject.toml", "README.md", "LICENSE", "calltrack"} == named
    assert "docs/deploy/secrets/" in (root / ".gitignore").read_text().split()


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".yaml"], ids=lambda path: path.name)
def test_it_is_yaml(path: Path) -> None:
    """Of the form that it says."""
    assert list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_alerts_and_dashboard_name_metrics_that_exist() -> None:
    """Those of connectors and workers; tests/serve/api/test_deploy.py has those of the service."""
    source = Path(calltrack.kafka.metrics.__file__).read_text(encoding="utf-8")
    board = json.loads((DEPLOY / "grafana-kafka.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    alerts = (DEPLOY / "prometheus-alerts.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"calltrack_((?:worker|connector)_[a-z_]+)", " ".join([alerts, *expressions])))

    whole = re.findall(r'"calltrack_(\w+)"', source)
    exist = {*whole, *(f"{name}_bucket" for name in whole), *re.findall(r'_gauge\(\s*"(\w+)"', source)}
    exist |= {f"{name}_total" for name in re.findall(r'_counter\(\s*"(\w+)"', source)}

    assert len(named) > 10
    assert set() == named - exist
