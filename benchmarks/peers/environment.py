"""A Python environment for each peer, in an ignored folder, with pinned versions."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.bench import FOLDER, ROOT
from harness.processes import run

PINS = ROOT / "benchmarks/peers/constraints.txt"


def install(name: str, packages: Sequence[str]) -> Path:
    """The folder with the programs of an environment that has the packages; made if it is not there as wanted."""
    folder = FOLDER / "peers-venv" / name
    wanted = hashlib.sha256("\n".join([*packages, PINS.read_text(), sys.version]).encode()).hexdigest()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(folder)])
        run([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--constraint", str(PINS), *packages], timeout=1_200)
        stamp.write_text(wanted)
    return folder / "bin"


def own() -> Path:
    """The programs of the repository's own environment, which has our SDK."""
    return ROOT / ".venv/bin"


def quiet() -> dict[str, str]:
    """The variables of a program that leaves nothing beside its source."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
