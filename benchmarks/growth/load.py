"""The load that every point of a curve is measured under."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from harness.bench import Bench
from harness.processes import run
from harness.spending import Spending
from harness.statistics import Spread, median_of, spread_of


def throughput(bench: Bench, addresses: list[str], count: int, in_flight: int, *options: str,
               **groups: list[int]) -> dict[str, Any]:
    """So many workflows, started and waited for by one driver a coordinator; what they took and cost."""
    each = count // len(addresses)
    commands = [[bench.tool, "throughput", address, "--count", str(each), "--in-flight", str(max(1, in_flight // len(addresses))), *options]
                for address in addresses]
    with Spending(bench, drivers=len(addresses), **groups) as spending:
        drivers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
        told = [json.loads(driver.communicate(timeout=600)[0]) for driver in drivers]
    if any(driver.returncode for driver in drivers):
        raise RuntimeError(f"a driver failed; see {bench.log}")
    slowest = max(told, key=lambda one: float(one["seconds"]))
    return {"per_s": each * len(addresses) / slowest["seconds"], "p50_ms": slowest["p50_ms"], "p99_ms": slowest["p99_ms"],
            **spending.per(each * len(addresses))}


def latency(bench: Bench, address: str, count: int) -> dict[str, Any]:
    """One workflow after another."""
    return dict(json.loads(run([bench.tool, "latency", address, "--count", str(count)])))


def over(points: dict[int, list[dict[str, Any]]], *keys: str) -> list[tuple[float, Spread]]:
    """A curve of one figure."""
    return [(float(x), spread_of(rounds, *keys)) for x, rounds in points.items()]


def flatness(points: dict[int, list[dict[str, Any]]], *keys: str) -> float:
    """The least of the medians divided by the most: 1 is flat."""
    medians = [median_of(rounds, *keys) for rounds in points.values()]
    return min(medians) / max(medians)
