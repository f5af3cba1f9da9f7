"""The board's JavaScript, checked as TypeScript checks it, and held to the house's sizes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from calltrack.serve.app import PAGE

FILES = sorted(path for path in PAGE.iterdir() if path.suffix in (".js", ".css", ".html"))


def test_types(npm: Path) -> None:
    """Every call and every field is there."""
    done = subprocess.run(
        ["node", str(npm / "typescript" / "bin" / "tsc"), "-p", str(npm.parent / "tsconfig.json")],
        capture_output=True,
        text=True,
    )

    assert "" == done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_one_subject(path: Path) -> None:
    """Under about 400 lines, of 140 characters at most, checked, and without what reads text as markup."""
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 400
    assert [] == [
        line for line in text.splitlines() if len(line) > 140 and "<symbol" not in line and "<button" not in line
    ]
    assert path.suffix != ".js" or text.startswith("// @ts-check\n")
    assert not [
        word
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "://")
        if word in text.replace('"http://www.w3.org/2000/svg"', "")
    ]
