"""The workloads, the same for every system: an activity or step does nothing and gives a number back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.bench import Bench

from peers.drivers import PATIENCE, TookTooLong
from peers.observation import Observation, bottleneck
from peers.system import Running

Record = dict[str, Any]
"""What one workload gave in one round: `value`, what it cost, and who was the bottleneck; or `error`.

`stopped_after_s` tells that it was not done by then: its `value` is a bound, the true one is worse.
"""

STEPS = 10


@dataclass(frozen=True)
class Workload:
    """One kind of load. `drive` gives the figures of the load, among them `value`, and how many units of work it was."""

    key: str
    title: str
    unit: str
    more_is_better: bool
    drive: Callable[[Running, int, Record], tuple[Record, int]]
    per: str = "workflow"
    bound: float | None = None
    """After so many seconds it is stopped, and what it would have had if it had ended then is its figure. It is not tried again."""
    after: str | None = None
    """The workload whose figure of the same round it needs."""

    def measure(self, bench: Bench, running: Running, count: int, earlier: Record) -> Record:
        """`earlier` is what W1 gave in the same round."""
        if running.database:
            before = bench.cluster.written()
        running.driver.patience = self.bound or PATIENCE
        with Observation(running.groups) as seen:
            try:
                record, units = self.drive(running, count, earlier)
            except TookTooLong:
                if self.bound is None:
                    raise
                record, units = self._stopped(running, count, earlier), count
        cores = os.cpu_count() or 1
        record |= {
            "wall_s": seen.wall, "units": units, "cpu_s": seen.cpu, "memory_mib": seen.memory, "other_share": seen.other_share,
            "bottleneck": bottleneck(seen.cpu, seen.wall, running.room, cores, seen.other_share),
            "cpu_ms": {name: 1000 * used / units for name, used in seen.cpu.items()},
            "cpu_ms_total": 1000 * sum(seen.cpu.values()) / units,
        }
        if running.database:
            after = bench.cluster.written()
            record |= {name: (after[name] - before[name]) / units for name in before}
        return record

    def _stopped(self, running: Running, count: int, earlier: Record) -> Record:
        """The figure of a driver that did each thing it was asked for in just the time that it was given."""
        assert self.bound is not None
        at_the_bound = Running(JustInTime(self.bound), running.groups)
        return {**self.drive(at_the_bound, count, earlier)[0], "stopped_after_s": self.bound}


class JustInTime:
    """A driver that answers at the last moment: for workloads whose figure follows from how long they took."""

    def __init__(self, seconds: float):
        self.patience = seconds

    def many(self, kind: str, argument: int, count: int) -> dict[str, Any]:
        return {"seconds": self.patience}

    def latency(self, count: int) -> dict[str, Any]:
        raise NotImplementedError

    def paced(self, rate: float, seconds: float) -> dict[str, Any]:
        raise NotImplementedError

    def sleepers(self, count: int, lead: float) -> dict[str, Any]:
        raise NotImplementedError


def throughput(kind: str, argument: int, steps: int) -> Callable[[Running, int, Record], tuple[Record, int]]:
    def drive(running: Running, count: int, _: Record) -> tuple[Record, int]:
        seconds = float(running.driver.many(kind, argument, count)["seconds"])
        return {"value": steps * count / seconds}, count

    return drive


def fan_out(members: int) -> Callable[[Running, int, Record], tuple[Record, int]]:
    """One after the other: the time of one."""

    def drive(running: Running, count: int, _: Record) -> tuple[Record, int]:
        seconds = sum(float(running.driver.many("fan-out", members, 1)["seconds"]) for _ in range(count))
        return {"value": seconds / count}, count

    return drive


def latency(running: Running, count: int, _: Record) -> tuple[Record, int]:
    figures = running.driver.latency(count)
    return {"value": figures["p50_ms"], **figures}, count


def half_load(running: Running, seconds: int, earlier: Record) -> tuple[Record, int]:
    if "value" not in earlier or "stopped_after_s" in earlier:
        raise RuntimeError("there is no throughput of this round to take half of")
    rate = earlier["value"] / 2
    figures = running.driver.paced(rate, seconds)
    return {"value": figures["p50_ms"], "rate": rate, **figures}, max(1, round(rate * seconds))


def sleepers(running: Running, count: int, earlier: Record) -> tuple[Record, int]:
    """They have twice the time to start that as many one-activity workflows took in this round."""
    if "value" not in earlier:
        raise RuntimeError("there is no throughput of this round to foretell how long their starts take")
    seconds = float(running.driver.sleepers(count, 4 + 2 * count / earlier["value"])["seconds"])
    return {"value": count / seconds}, count


def idle(running: Running, seconds: int, _: Record) -> tuple[Record, int]:
    time.sleep(1)
    with Observation(running.groups) as seen:
        time.sleep(seconds)
    used = {name: 100 * spent / seen.wall for name, spent in seen.cpu.items() if name != "driver"}
    return {"value": sum(used.values()), "percent": used}, seconds


# The last one takes so much of some systems that they are not themselves afterwards.
WORKLOADS = [
    Workload("W1", "one-activity workflows", "workflows/s", True, throughput("one", 1, 1), bound=90),
    Workload("W2", "ten activities in a row", "steps/s", True, throughput("sequence", STEPS, STEPS), bound=90),
    Workload("W3", "fan-out of 500 and join", "s", False, fan_out(500), bound=60),
    Workload("W4", "start to result, idle", "ms (p50)", False, latency),
    Workload("W4h", "start to result, at half of its own W1", "ms (p50)", False, half_load, after="W1"),
    Workload("W5", "sleepers due at once", "woken/s", True, sleepers, after="W1"),
    Workload("W0", "idle", "% of a core", False, idle, per="second"),
    Workload("W3x", "fan-out of 10,000 and join", "s", False, fan_out(10_000), bound=120),
]
