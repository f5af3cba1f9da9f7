"""What tests need from npm, installed once as its lock file says, also when several processes test."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest


def installed(folder: Path) -> Path:
    """The node_modules of a folder with a package.json; fails the test, with the reason, if it cannot be had."""
    modules = folder / "node_modules"
    with (folder / "package.json").open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if (modules / ".package-lock.json").exists():
            return modules
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            pytest.fail(f"{folder.name} needs node and npm: install Node.js 20 or later")
        done = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            pytest.fail(f"npm ci in {folder.name} failed:\n{done.stderr}")
    return modules
