"""What the documentation shows is what the program does."""

import re
import shlex
import subprocess
import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from calltrack.cli import COMMANDS, commands

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def generator() -> ModuleType:
    spec = util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["changes.md", "states.md", "tables.md"])
def test_generated_pages_are_up_to_date(page: str) -> None:
    """Else run `python docs/generate.py`."""
    assert generator().PAGES[page]() == (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_the_picture_in_the_readme_is_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every console block, from its $ on."""
    monkeypatch.chdir(ROOT)
    shown = re.findall(r"```console\n\$ calltrack (.*)\n([\s\S]*?)```", README)
    assert shown
    for arguments, output in shown:
        assert CliRunner().invoke(commands, shlex.split(arguments)).output == output


def test_the_readme_prints_what_it_says() -> None:
    """The example's output, as a program of its own."""
    example, said = re.findall(r"```python\n([\s\S]*?)```\n\nprints\n\n```text\n([\s\S]*?)```", README)[0]
    done = subprocess.run([sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=True)

    assert said == done.stdout


def test_the_readme_names_every_command() -> None:
    """In the table of commands."""
    assert all(f"`calltrack {name} " in README or f"`calltrack {name}`" in README for name in COMMANDS)


def test_links_lead_somewhere() -> None:
    """Every relative link of every page; what looks like one in an example of code is none."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "fixtures").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", re.sub(r"```[\s\S]*?```", "", page.read_text(encoding="utf-8"))):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    """One command, in the README and in .ci/run."""
    assert "\n.ci/test\n" in README
    assert "\n.ci/test\n" in (ROOT / ".ci" / "run").read_text()
