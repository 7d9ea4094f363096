"""Which resource of a machine ends first, and what stands beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from model.costs import Cost

DAY = 86_400
GB = 1e9


@dataclass(frozen=True)
class Assumptions:
    """What was not measured. Each is a guess that a reader can replace."""

    busy: float = 0.75
    """The share of a core, a disk or a network that work may take, so that bursts, checkpoints and vacuum find room."""
    batch: int = 512
    """Operations in a full batch, the coordinator's own limit."""
    vacuum_units: float = 1.25
    """Units of vacuum cost that an operation leaves behind; docs/capacity.md adds them up."""
    vacuum_budget: float = 100_000
    """Units a second that Postgres's defaults give to autovacuum: 200 each 2 ms."""
    full_page_images: float = 1.3
    """WAL is so many times what was measured, for pages written first after a checkpoint."""


@dataclass(frozen=True)
class Machine:
    """A Postgres server. The rates are those of the parts, before `busy`."""

    name: str
    cores: int
    efficiency: float
    """What a core does when all are busy, against one of a machine of two: locks, caches, memory."""
    wal_disk: float
    """Bytes a second, written in order and flushed."""
    network: float
    """Bytes a second."""
    disk: float
    """Bytes."""
    flush_ms: float
    """A commit's flush, with that of a synchronous standby if there is one."""
    vacuum: float = 1.0
    """Times the default budget of autovacuum: `autovacuum_vacuum_cost_limit` over 200."""


MACHINES = (
    Machine("8 cores", 8, 0.9, wal_disk=0.5 * GB, network=1.25 * GB, disk=2_000 * GB, flush_ms=1.0, vacuum=5),
    Machine("64 cores", 64, 0.6, wal_disk=1.5 * GB, network=3.1 * GB, disk=15_000 * GB, flush_ms=1.0, vacuum=20),
)


@dataclass(frozen=True)
class Ceiling:
    """So many workflows a second is all that a resource has room for."""

    resource: str
    workflows_per_s: float
    how: str


def ceilings(machine: Machine, cost: Cost, operations: int, removal: Cost, assume: Assumptions, kept_days: float) -> list[Ceiling]:
    """The lowest first. Disk space is an average over days; the others are rates that a peak may have."""
    postgres = cost.postgres + removal.postgres
    units = assume.vacuum_units * operations
    wal = (cost.wal + removal.wal) * assume.full_page_images
    found = [
        Ceiling("Postgres CPU", 1000 * machine.cores * machine.efficiency * assume.busy / postgres, f"{postgres:.3f} ms a workflow"),
        Ceiling("WAL to its disk", machine.wal_disk * assume.busy / wal, f"{wal:,.0f} B a workflow"),
        Ceiling("WAL to one standby", machine.network * assume.busy / wal, f"{wal:,.0f} B a workflow"),
        Ceiling("autovacuum", assume.vacuum_budget * machine.vacuum / units, f"{units:g} units of vacuum cost a workflow"),
        Ceiling(f"disk, {kept_days:g} days kept (average)", machine.disk * assume.busy / (cost.stored * kept_days * DAY),
                f"{cost.stored:,.0f} B a workflow"),
    ]
    return sorted(found, key=lambda each: each.workflows_per_s)


def peak(found: list[Ceiling]) -> Ceiling:
    """The lowest of the rates: disk space fills over days and does not stop a peak."""
    return min((each for each in found if "average" not in each.resource), key=lambda each: each.workflows_per_s)


@dataclass(frozen=True)
class Beside:
    """What a rate needs beside Postgres."""

    coordinator_cores: int
    worker_cores: int
    lanes: int
    """Connections that write, over all coordinators: each keeps one backend busy at most."""
    commits_per_s: float
    wal_bytes_per_s: float
    wire_bytes_per_s: float
    stored_bytes_a_day: float


def beside(rate: float, machine: Machine, cost: Cost, operations: int, assume: Assumptions) -> Beside:
    batch_ms = assume.batch * cost.postgres / machine.efficiency / operations + machine.flush_ms
    lane = assume.batch / operations / batch_ms * 1000 * assume.busy
    lanes = math.ceil(rate / lane)
    return Beside(
        coordinator_cores=math.ceil(rate * cost.coordinator / 1000 / assume.busy), worker_cores=math.ceil(rate * cost.worker / 1000 / assume.busy),
        lanes=lanes, commits_per_s=rate * operations / assume.batch / assume.busy, wal_bytes_per_s=rate * cost.wal * assume.full_page_images,
        wire_bytes_per_s=rate * cost.wire, stored_bytes_a_day=rate * cost.stored * DAY)


def coordinators(needs: Beside, cores_each: int, lanes_each: int) -> int:
    """So many that neither their cores nor their lanes are what ends first; two at least, so that one may die."""
    return max(2, math.ceil(needs.coordinator_cores / cores_each), math.ceil(needs.lanes / lanes_each))

