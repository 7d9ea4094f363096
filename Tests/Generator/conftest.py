"""Makes the generator importable, and lets a test compile a contract of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Protos" / "generate"))

import contract  # noqa: E402
import reading  # noqa: E402
from model import Schema  # noqa: E402


@pytest.fixture
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def schema_of(tmp_path: Path) -> Callable[[str], Schema]:
    """Reads a contract of one file, given without its first two lines."""

    def read(text: str) -> Schema:
        (tmp_path / "sample.proto").write_text(f'syntax = "proto3";\npackage sample.v1;\n{text}')
        return reading.read(contract.compile_folder(tmp_path))

    return read
