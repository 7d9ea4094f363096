"""What one workload cost, process by process, and who had no room left."""

from __future__ import annotations

import os
import threading
import time

from harness.meter import busy_seconds
from harness.processes import cpu_seconds, memory_mib

SAMPLE = 0.5
FULL = 0.85
"""The share of the CPU that it may use from which a process counts as the bottleneck."""

DISTURBED = 0.15
"""The share of the machine in the hands of others from which a bottleneck cannot be told."""


class Observation:
    """Measures groups of process trees while a `with` lasts. Commands that the harness ran and that have ended, such as our
    Swift driver, count as `driver`."""

    def __init__(self, groups: dict[str, list[int]]):
        self.groups = groups
        self.cpu: dict[str, float] = {}
        self.memory = dict.fromkeys(groups, 0.0)
        self.wall = 0.0
        self.other_share = 0.0

    def __enter__(self) -> Observation:
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        self._before = self._used()
        self._own = sum(os.times()[:2])
        self._busy = busy_seconds()
        self._begin = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.monotonic() - self._begin
        busy = busy_seconds() - self._busy
        after = self._used()
        self.cpu = {name: after[name] - self._before[name] for name in after}
        known = sum(self.cpu.values()) + sum(os.times()[:2]) - self._own
        self._over.set()
        self._sampler.join()
        self._look()
        self.other_share = max(0.0, busy - known) / (self.wall * (os.cpu_count() or 1))

    def _used(self) -> dict[str, float]:
        used = {name: sum(map(cpu_seconds, roots)) for name, roots in self.groups.items()}
        used["driver"] = used.get("driver", 0.0) + sum(os.times()[2:4])
        return used

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE):
            self._look()

    def _look(self) -> None:
        for name, roots in self.groups.items():
            self.memory[name] = max(self.memory[name], sum(map(memory_mib, roots)))


def bottleneck(cpu: dict[str, float], wall: float, room: dict[str, float], cores: int, other_share: float = 0.0) -> str:
    """Who used all the CPU that it can: `room` is the number of cores that a group can use, all of them if it is not named.

    Otherwise the machine is full and the largest share is named, or it is not: then all wait, for disks, locks or polls. When
    others used much of the machine, nothing is known.
    """
    if other_share > DISTURBED:
        return f"unknown: {100 * other_share:.0f} % used by others"
    busy = {name: used / wall for name, used in cpu.items()}
    if not busy:
        return "nobody"
    shares = {name: used / min(room.get(name, cores), cores) for name, used in busy.items()}
    name = max(shares, key=lambda each: shares[each])
    if shares[name] >= FULL:
        return f"{name} ({100 * shares[name]:.0f} % of {min(room.get(name, cores), cores):.0f})"
    if sum(busy.values()) >= FULL * cores:
        largest = max(busy, key=lambda each: busy[each])
        return f"CPU, most by {largest} ({100 * busy[largest] / sum(busy.values()):.0f} %)"
    return f"waiting ({100 * sum(busy.values()) / cores:.0f} % of the CPU used)"
