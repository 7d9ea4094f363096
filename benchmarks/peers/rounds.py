"""All systems, one after the other, round by round: what disturbs the machine meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.bench import Bench

from peers.system import Running, System
from peers.workloads import Record, Workload

ATTEMPTS = 2
"""How often a system may fail to start before it is given up."""


@dataclass
class Results:
    """By system, workload and round."""

    records: dict[str, dict[str, list[Record]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Why a system could not be measured."""
    versions: dict[str, str] = field(default_factory=dict)
    limits: dict[str, list[Record]] = field(default_factory=dict)

    def add(self, system: str, workload: str, record: Record) -> None:
        self.records.setdefault(system, {}).setdefault(workload, []).append(record)

    def good(self, system: str, workload: str) -> list[Record]:
        """The rounds that gave a figure."""
        return [record for record in self.records.get(system, {}).get(workload, []) if "error" not in record]

    def bound(self, system: str, workload: str) -> float | None:
        """After how many seconds it was stopped, if it was."""
        return next((float(record["stopped_after_s"]) for record in self.good(system, workload) if "stopped_after_s" in record), None)

    def error(self, system: str, workload: str) -> str:
        """Why there is no figure, or not in each round; empty if all is well."""
        if system in self.failures:
            return self.failures[system]
        found = [record["error"] for record in self.records.get(system, {}).get(workload, []) if "error" in record]
        return found[0] if found else ""

    @property
    def has_failed(self) -> bool:
        return bool(self.failures) or any(
            "error" in record for each in self.records.values() for some in each.values() for record in some)


class Rounds:
    """`run` measures; how far it has come is said before each step."""

    def __init__(self, bench: Bench, systems: list[System], workloads: list[Workload]):
        self.bench, self.systems, self.workloads = bench, systems, workloads
        self.limits: dict[str, Callable[[Bench], Record]] = {}
        self.results = Results()
        self.programs: dict[str, Path] = {}
        self.failed_starts: dict[str, int] = {}

    def _size(self, system: System, workload: Workload, number: int) -> int | None:
        size = system.sizes.get(workload.key)
        if size is None or (size.rounds is not None and number >= size.rounds):
            return None
        if any(self.results.bound(system.name, key) for key in (workload.key, workload.after) if key):
            return None
        return max(1, size.count // 10) if self.bench.quick else size.count

    def _steps(self) -> list[str]:
        """What will be done, in order, by name: the same step of another round has the same name."""
        return [name for number in range(self.bench.rounds) for name in
                [*self.limits, *(f"{system.name} {workload.key}" for system in self.systems for workload in self.workloads
                                 if self._size(system, workload, number) is not None)]]

    def prepare(self) -> None:
        for system in self.systems:
            self.bench.progress(f"preparing {system.name}")
            try:
                self.programs[system.name] = system.prepare()
            except Exception as error:  # a peer that cannot be installed is reported, and the others are measured
                self.give_up(system.name, error)

    def give_up(self, name: str, error: Exception) -> None:
        self.results.failures[name] = f"{type(error).__name__}: {error}"
        self.bench.progress(f"{name} FAILED: {self.results.failures[name]}")

    def run(self) -> Results:
        self.prepare()
        self.clock = Estimate(self._steps())
        for number in range(self.bench.rounds):
            for name, measure in self.limits.items():
                if name not in self.results.failures:
                    self._say(number, f"what {name} can do")
                    try:
                        self.results.limits.setdefault(name, []).append({"round": number, **measure(self.bench)})
                    except Exception as error:
                        self.give_up(name, error)
                    self.clock.done(name)
            for system in self._turn(number):
                self._measure(system, number)
        return self.results

    def _turn(self, number: int) -> Iterator[System]:
        """Each round begins with another system."""
        shift = number % max(1, len(self.systems))
        for system in self.systems[shift:] + self.systems[:shift]:
            if system.name not in self.results.failures:
                yield system

    def _measure(self, system: System, number: int) -> None:
        todo = [(workload, size) for workload in self.workloads if (size := self._size(system, workload, number)) is not None]
        earlier: Record = {}
        try:
            while todo:
                with system.running(self.bench, self.programs[system.name]) as running:
                    self.results.versions[system.name] = running.version
                    self._warm_up(running)
                    self._work_off(system, running, todo, number, earlier)
        except Exception as error:
            self.failed_starts[system.name] = self.failed_starts.get(system.name, 0) + 1
            self.bench.progress(f"{system.name}: {type(error).__name__}: {error}")
            if self.failed_starts[system.name] >= min(ATTEMPTS, self.bench.rounds):
                self.give_up(system.name, error)

    def _work_off(self, system: System, running: Running, todo: list[tuple[Workload, int]], number: int, earlier: Record) -> None:
        """One workload after another, until all are done or one has failed or was stopped: the system is started anew then."""
        while todo:
            workload, size = todo.pop(0)
            self._say(number, f"{system.name}, {workload.key} {workload.title}")
            record = self._one(workload, running, size, earlier)
            self.results.add(system.name, workload.key, {"round": number, **record})
            self.clock.done(f"{system.name} {workload.key}")
            if "stopped_after_s" in record:
                self.clock.drop(f"{system.name} {workload.key}")
            if workload.key == "W1":
                earlier.update(record)
            if "error" in record or "stopped_after_s" in record:
                return

    def _one(self, workload: Workload, running: Running, size: int, earlier: Record) -> Record:
        try:
            record = workload.measure(self.bench, running, size, earlier)
        except Exception as error:
            self.bench.progress(f"  failed: {type(error).__name__}: {error}")
            return {"error": f"{type(error).__name__}: {error}"}
        stopped = f"stopped after {record['stopped_after_s']:.0f} s: " if "stopped_after_s" in record else ""
        self.bench.progress(f"  {stopped}{record['value']:,.2f} {workload.unit}; {record['bottleneck']}; "
                            f"{100 * record['other_share']:.0f} % used by others")
        return record

    @staticmethod
    def _warm_up(running: Running) -> None:
        running.driver.many("one", 1, 50)

    def _say(self, number: int, what: str) -> None:
        self.bench.progress(f"round {number + 1} of {self.bench.rounds}, {what} ({self.clock})")


class Estimate:
    """How long it will take still, from how long the same steps took before."""

    def __init__(self, steps: list[str], now: Callable[[], float] = time.monotonic):
        self.left = list(steps)
        self.total = len(steps)
        self.now = now
        self.begin = self.last = now()
        self.took: dict[str, float] = {}

    def done(self, step: str) -> None:
        """What was done since the last time took this long."""
        moment = self.now()
        self.took[step] = moment - self.last
        self.last = moment
        if step in self.left:
            self.left.remove(step)

    def drop(self, step: str) -> None:
        """It will not be done again."""
        self.left = [each for each in self.left if each != step]

    @property
    def seconds(self) -> float | None:
        """None while nothing is known."""
        if not self.took:
            return None
        average = sum(self.took.values()) / len(self.took)
        return sum(self.took.get(step, average) for step in self.left)

    def __str__(self) -> str:
        at = f"step {self.total - len(self.left) + 1} of {self.total}"
        return at if self.seconds is None else f"{at}, about {self.seconds / 60:.0f} min left"


def chosen_by(names: str | None, known: dict[str, Any]) -> list[Any]:
    """Those whose keys are named, comma-separated; all if none are."""
    if not names:
        return list(known.values())
    keys = names.split(",")
    if unknown := [key for key in keys if key not in known]:
        raise SystemExit(f"bench: there is no {', '.join(unknown)}; choose of {', '.join(known)}")
    return [value for key, value in known.items() if key in keys]
