"""The contract keeps its style and its promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BUF = Path(sys.executable).with_name("buf")


def buf(repository: Path, *arguments: str) -> None:
    result = subprocess.run(
        [str(BUF), *arguments], cwd=repository / "Protos", capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_element_is_commented_and_in_style(repository: Path) -> None:
    buf(repository, "lint")


def test_the_contract_is_compatible_with_the_accepted_one(repository: Path) -> None:
    buf(repository, "breaking", "--against", "baseline.binpb")


def test_a_breaking_change_is_found(repository: Path, tmp_path: Path) -> None:
    protos = tmp_path / "Protos"
    for path in (repository / "Protos").rglob("*.proto"):
        target = protos / path.relative_to(repository / "Protos")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text().replace("string run_id = 1;", "bytes run_id = 1;"))
    for name in ("buf.yaml", "baseline.binpb"):
        (protos / name).write_bytes((repository / "Protos" / name).read_bytes())
    with pytest.raises(AssertionError, match="run_id"):
        buf(tmp_path, "breaking", "--against", "baseline.binpb")
