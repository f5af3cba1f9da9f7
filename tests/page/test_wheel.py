"""What is installed from a built wheel serves the board too."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from calltrack.serve.app import PAGE
from tests.page.served import ROOT


def test_a_wheel_has_the_whole_page(tmp_path: Path) -> None:
    """Every file, byte for byte."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        prefix = "calltrack/serve/page/"
        held = {name.removeprefix(prefix): wheel.read(name) for name in wheel.namelist() if name.startswith(prefix)}

    assert {path.name: path.read_bytes() for path in PAGE.iterdir()} == held
