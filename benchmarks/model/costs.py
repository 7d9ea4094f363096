"""What a workflow costs, as measured: the inputs of the model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

PROCESSES = ("postgres", "coordinator", "worker")


@dataclass(frozen=True)
class Cost:
    """What one workflow takes: milliseconds of CPU by process, and bytes."""

    postgres: float
    coordinator: float
    worker: float
    wal: float
    stored: float = 0.0
    wire: float = 0.0
    """Between workers, clients and coordinators, both ways."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def __mul__(self, times: float) -> Cost:
        return Cost(**{each.name: getattr(self, each.name) * times for each in fields(self)})


@dataclass(frozen=True)
class Costs:
    """Of a workflow of one activity with tiny payloads, of each activity more, of each byte of payload carried once, and of its removal
    when it is no longer kept."""

    first: Cost
    more: Cost
    payload_byte: Cost
    removal: Cost
    operations: int = 4
    """What is recorded for a workflow of one activity: its start, the schedule, the outcome, its end. Two for each activity more."""

    def of(self, activities: int, payload: int = 0) -> Cost:
        """Payloads are carried by the inputs and outputs of the workflow and of each of its activities."""
        return self.first + self.more * (activities - 1) + self.payload_byte * (payload * (2 + 2 * activities))

    def operations_of(self, activities: int) -> int:
        return self.operations + 2 * (activities - 1)


# docs/benchmarks.md says of which machine and commit these are; docs/capacity.md has them as a table.
MEASURED = Costs(
    first=Cost(postgres=0.062, coordinator=0.053, worker=0.042, wal=2_500, stored=770, wire=2_150),
    more=Cost(postgres=0.037, coordinator=0.025, worker=0.026, wal=1_200, stored=250, wire=990),
    payload_byte=Cost(postgres=5.5e-6, coordinator=2.4e-6, worker=0.8e-6, wal=1.08, stored=1.05, wire=2),
    removal=Cost(postgres=0.016, coordinator=0.001, worker=0, wal=1_100),
)

ONE, TEN = "one activity, 1,000 at a time", "ten activities in a row, 500 at a time"


def measured_by(files: Iterable[Path], known: Costs = MEASURED) -> Costs:
    """The costs of what `make bench` and `make bench-growth` kept; what they did not measure stays as it is known."""
    lines: dict[str, list[str]] = {}
    records: dict[str, Any] = {}
    for file in files:
        kept = json.loads(file.read_text())
        lines |= {line[0]: line for line in kept["costs"]}
        records |= kept["records"]
    if ONE in lines:
        known = replace(known, first=_cost(lines[ONE], known.first))
        if TEN in lines:
            ten = _cost(lines[TEN], known.first)
            known = replace(known, more=replace((ten + known.first * -1) * (1 / 9), stored=known.more.stored, wire=known.more.wire))
    if space := records.get("growth_stored", {}).get("space"):
        size = max(space, key=int)
        known = replace(known, first=replace(known.first, stored=sum(space[size]) / int(size)))
    return known


def _cost(line: list[str], other: Cost) -> Cost:
    """Of a line of the table of costs, see `harness.spending.cost_line`."""
    _, coordinator, worker, _, postgres, _, wal, *_ = line
    return replace(other, postgres=float(postgres), coordinator=float(coordinator), worker=float(worker), wal=float(wal.replace(",", "")))
