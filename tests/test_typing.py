"""What a type checker says of programs that use calltrack."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import calltrack
import calltrack.testing

ROOT = Path(__file__).parent.parent


def checked(program: str) -> str:
    """What mypy prints about a program."""
    command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


@pytest.mark.slow
@pytest.mark.parametrize("package", [calltrack, calltrack.testing], ids=lambda package: package.__name__)
def test_a_misspelled_name_is_an_error(package: object) -> None:
    """Every public name is known with its type, and no other name is."""
    name = package.__name__  # type: ignore[attr-defined]
    public = package.__all__  # type: ignore[attr-defined]

    assert re.fullmatch(r"Success: .*\n", checked(f"from {name} import {', '.join(public)}"))
    assert re.search(r'error: Module "\S+" has no attribute "Trakcer"', checked(f"from {name} import Trakcer"))


@pytest.mark.slow
def test_a_call_is_typed() -> None:
    """Also through the names that load on first use."""
    assert "error: Argument 1" in checked("from calltrack import Tracker\nTracker().feed(5)")


def test_dir_lists_the_public_names() -> None:
    """For help() and completion, though they load on first use."""
    assert {*calltrack.__all__, "__version__"} <= {*dir(calltrack)}
