"""The cost of one measured stretch of time, and whether something else disturbed it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from .processes import TICKS, cpu_seconds


def busy_seconds() -> float:
    """CPU time of the whole machine since it started, idle and waiting not counted."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _, _, interrupt, soft, steal = fields[:8]
    return (user + nice + system + interrupt + soft + steal) / TICKS


class Meter:
    """Measures the processes of named groups, ours included, while a `with` lasts."""

    def __init__(self, **roots: int):
        self.roots = roots
        self.wall = 0.0
        self.cpu: dict[str, float] = {}
        self.other = 0.0

    def __enter__(self) -> Meter:
        self._own = sum(os.times()[:4])
        self._cpu = {name: cpu_seconds(pid) for name, pid in self.roots.items()}
        self._busy = busy_seconds()
        self._begin = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.monotonic() - self._begin
        busy = busy_seconds() - self._busy
        self.cpu = {name: cpu_seconds(pid) - self._cpu[name] for name, pid in self.roots.items()}
        self.cpu["driver"] = sum(os.times()[:4]) - self._own
        self.other = max(0.0, busy - sum(self.cpu.values()))

    @property
    def other_share(self) -> float:
        """The part of the machine that others used meanwhile, 0 to 1."""
        return self.other / (self.wall * (os.cpu_count() or 1))
