"""What a measured stretch of work cost: CPU, commits, WAL, memory; and who had no room left."""

from __future__ import annotations

import os
import statistics
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from peers.observation import Observation, bottleneck

from .table import aligned

if TYPE_CHECKING:
    from typing_extensions import Self

    from .bench import Bench

PROCESSES = ("coordinator", "worker", "driver", "postgres")


class Spending:
    """Measures while a `with` lasts; `per(count)` then says what one of so many cost.

    `groups` names process trees: `coordinator`, `worker`, `postgres`, each a list of pids. A driver has one connection, so one
    event loop: it can use one core.
    """

    def __init__(self, bench: Bench, drivers: int = 1, **groups: list[int]):
        self.cluster = bench.cluster
        self.room = {"driver": float(drivers)}
        self.observation = Observation({**groups, "postgres": [bench.cluster.pid]})

    def __enter__(self) -> Self:
        self._before = self.cluster.written()
        with ExitStack() as stack:
            stack.enter_context(self.observation)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._stack.__exit__(*problem)
        if problem[0] is None:
            after = self.cluster.written()
            self.counted = {name: after[name] - self._before[name] for name in after}

    @property
    def wall(self) -> float:
        return self.observation.wall

    def per(self, count: float) -> dict[str, Any]:
        seen = self.observation
        return {
            "cpu_ms": {name: 1000 * spent / count for name, spent in seen.cpu.items()},
            "per_workflow": {name: number / count for name, number in self.counted.items()},
            "memory_mib": dict(seen.memory),
            "other_share": seen.other_share,
            "bottleneck": bottleneck(seen.cpu, seen.wall, self.room, os.cpu_count() or 1, seen.other_share),
        }


def cost_line(name: str, rounds: list[dict[str, Any]]) -> list[str]:
    """A line of the table of costs: medians over the records of some rounds."""

    def median(part: str, key: str) -> float | None:
        found = [record[part][key] for record in rounds if key in record[part]]
        return statistics.median(found) if found else None

    def cell(value: float | None, style: str) -> str:
        return "" if value is None else format(value, style)

    said = [record["bottleneck"] for record in rounds]
    return [
        name, *(cell(median("cpu_ms", process), ".3f") for process in PROCESSES),
        cell(median("per_workflow", "writing_transactions"), ".3f"), cell(median("per_workflow", "wal_bytes"), ",.0f"),
        cell(median("memory_mib", "coordinator"), ",.0f"), cell(median("memory_mib", "postgres"), ",.0f"),
        max(said, key=said.count),
    ]


def cost_table(lines: list[list[str]]) -> str:
    """What each measurement cost, per workflow (or whatever its name says)."""
    head = ["per workflow", *(f"{process} CPU-ms" for process in PROCESSES), "commits", "WAL bytes", "coordinator MiB", "Postgres MiB",
            "bottleneck"]
    return aligned([head, *lines])
