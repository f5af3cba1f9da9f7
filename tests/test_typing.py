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
def test_every_public_name_is_typed() -> None:
    """No other name is known, and a call is checked too, through a name that loads on first use."""
    packages = (calltrack, calltrack.testing)
    right = [f"from {package.__name__} import {', '.join(package.__all__)}" for package in packages]
    wrong = [f"from {package.__name__} import Trakcer" for package in packages]
    found = checked("\n".join([*wrong, "from calltrack import Tracker", "Tracker().feed(5)"]))

    assert re.fullmatch(r"Success: .*\n", checked("\n".join(right)))
    assert 2 == len(re.findall(r'error: Module "\S+" has no attribute "Trakcer"', found))
    assert "error: Argument 1" in found


def test_dir_lists_the_public_names() -> None:
    """For help() and completion, though they load on first use."""
    assert {*calltrack.__all__, "__version__"} <= {*dir(calltrack)}
