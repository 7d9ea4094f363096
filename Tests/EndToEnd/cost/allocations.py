"""Counts the allocations of a process that runs with a small library of ours before it."""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("allocation_counter.c")


def build_counter(folder: Path) -> Path:
    """Compiles the library."""
    library = folder / "allocation_counter.so"
    command = ["clang", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return library


class AllocationCounter:
    """The counts of one process: a page of memory that both have."""

    def __init__(self, library: Path, page: Path) -> None:
        page.write_bytes(bytes(mmap.PAGESIZE))
        self._file = page.open("r+b")
        self._memory = mmap.mmap(self._file.fileno(), mmap.PAGESIZE)
        self.environment = {"LD_PRELOAD": str(library), "KAGZI_ALLOCATION_COUNTS": str(page)}

    @property
    def count(self) -> int:
        """Allocations and reallocations so far, by every thread of the process."""
        return int(struct.unpack_from("Q", self._memory, 0)[0])

    @property
    def bytes(self) -> int:
        """Bytes asked for so far."""
        return int(struct.unpack_from("Q", self._memory, 8)[0])

    def close(self) -> None:
        self._memory.close()
        self._file.close()
        os.unlink(self._file.name)
