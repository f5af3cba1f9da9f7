"""The fuzzer runs, and what it once found stays found."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz_target import check

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
FINDS = sorted(path for path in (ROOT / "fixtures" / "fuzz").iterdir())


@pytest.mark.parametrize("find", FINDS, ids=lambda path: path.name)
def test_what_was_found_once_is_lawful_now(find: Path) -> None:
    """Every input that broke a law."""
    check(find.read_bytes())


def test_a_broken_law_is_a_find(tmp_path: Path) -> None:
    """What breaks the target is written down, and the exit code says so."""
    script = (
        "import sys, tests.fuzz as fuzz\n"
        "def broken(data: bytes) -> None:\n"
        "    assert b'HANGUP' not in data\n"
        "fuzz.check = broken\n"
        "fuzz.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--seconds", "60", "--finds", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode != 0
    assert any(b"HANGUP" in find.read_bytes() for find in tmp_path.iterdir())
