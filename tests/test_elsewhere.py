"""The parts of the suite that Windows and macOS run too, without what Linux alone has."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
PARTS = {
    "cli": ("test_commands", "test_configuration", "test_index", "test_journal"),
    "figures": ("test_days",),
    "journal": ("test_cadence", "test_file", "test_journal", "test_packing", "test_position", "test_retention"),
    "kafka": ("test_line", "test_properties"),
    "live": ("test_credentials", "test_desk", "test_login"),
    "recordings": ("test_player", "test_recording", "test_redact", "test_writer"),
    "serve": ("security/test_access",),
    "tui": ("test_grid", "test_model"),
}
"""Test modules, by folder, that themselves need nothing that Windows lacks.

Commands that run until they are stopped are in cli/test_without_unix.py; connectors and workers are in
kafka/test_broker.py.
"""

SAME = ("follow_any_position", "uninterrupted_run", "prune_removes_what_is_older")
"""Parts of names of tests that take long and touch nothing that differs there."""


def test_nothing_needs_what_windows_lacks() -> None:
    """Commands, recordings, journal, login and the terminal board pass with those modules and functions removed."""
    options = ["-q", "-p", "tests.elsewhere", "-p", "no:cacheprovider", "--timeout-method=thread"]
    options += ["-m", "not slow", "--hypothesis-profile=fast", "-k", f"not ({' or '.join(SAME)})"]
    parts = [f"tests/{folder}/{name}.py" for folder, names in PARTS.items() for name in names]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, *parts], cwd=ROOT, capture_output=True, text=True)

    assert 0 == done.returncode, done.stdout
