"""The committed files are those that the contract gives."""

from __future__ import annotations

import filecmp
import subprocess
import sys
from pathlib import Path

import output


def tree(root: Path) -> dict[str, Path]:
    folders = (root / folder for folder in output.OWNED_FOLDERS)
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path for path in found if "__pycache__" not in path.parts}


def test_generated_files_are_fresh(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(repository / "Protos" / "generate"), "--output", str(tmp_path)]
    subprocess.run(command, check=True, timeout=120)
    fresh, committed = tree(tmp_path), tree(repository)
    umbrella = "Sources/CMessages/include/CMessages.h"
    fresh[umbrella], committed[umbrella] = tmp_path / umbrella, repository / umbrella
    assert fresh
    stale = [name for name in fresh if name not in committed or not filecmp.cmp(fresh[name], committed[name], False)]
    left_over = sorted(committed.keys() - fresh.keys())
    assert not stale and not left_over, "run `make generate` and commit what it changes"


def test_a_second_run_changes_nothing(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(repository / "Protos" / "generate"), "--output", str(tmp_path)]
    subprocess.run(command, check=True, timeout=120)
    first = {name: path.stat().st_mtime_ns for name, path in tree(tmp_path).items()}
    subprocess.run(command, check=True, timeout=120)
    assert {name: path.stat().st_mtime_ns for name, path in tree(tmp_path).items()} == first
