"""The generated files, written all at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

#: Folders that hold generated files only: whatever the generator did not write there is removed.
OWNED_FOLDERS = (
    "Sources/CMessages/Generated",
    "Sources/CMessages/include/google",
    "Sources/CMessages/include/grpc",
    "Sources/CMessages/include/kagzi",
    "Sources/Messages/Generated",
    "clients/python/src/kagzi/_generated",
)


class Tree:
    """Files by their path below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, str] = {}

    def add_all(self, files: Iterable[tuple[str, str]]) -> None:
        for path, content in files:
            if path in self.files:
                raise ValueError(f"{path} is generated twice")
            self.files[path] = content

    def write(self) -> None:
        """Writes what changed (an unchanged file keeps its time, so that builds stay incremental), removes the rest."""
        for path, content in self.files.items():
            target = self.root / path
            if target.exists() and target.read_text() == content:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        for folder in OWNED_FOLDERS:
            for found in (self.root / folder).rglob("*"):
                ours = found.relative_to(self.root).as_posix() in self.files
                if found.is_file() and not ours and "__pycache__" not in found.parts:
                    found.unlink()
