"""The parts of the suite that Windows and macOS run too, without what Linux alone has."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
PARTS = {
    "cli": ("test_commands", "test_extras", "test_index", "test_journal"),
    "figures": ("test_days",),
    "journal": ("test_cadence", "test_file", "test_journal", "test_packing", "test_position", "test_retention"),
    "recordings": ("test_player", "test_recording", "test_redact", "test_writer"),
    "tui": ("test_grid", "test_model"),
}
"""Test modules, by folder, that themselves need nothing that Windows lacks."""


def test_nothing_needs_what_windows_lacks() -> None:
    """Commands, recordings, journal and the terminal board pass with those modules and functions removed."""
    options = ["-q", "-p", "tests.elsewhere", "-p", "no:cacheprovider", "--timeout-method=thread"]
    parts = [f"tests/{folder}/{name}.py" for folder, names in PARTS.items() for name in names]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, *parts], cwd=ROOT, capture_output=True, text=True)

    assert 0 == done.returncode, done.stdout
