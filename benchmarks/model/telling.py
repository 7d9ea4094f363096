"""The model as tables and as a plot."""

from __future__ import annotations

from harness.plot import Bar, bar_chart, number
from harness.table import aligned

from model.capacity import Assumptions, Beside, Ceiling, Machine, beside, ceilings, coordinators, peak
from model.costs import Costs

CORES_EACH, LANES_EACH = 8, 4
"""Of a coordinator."""


def rounded(value: float) -> str:
    """Two digits: a model has no more."""
    return number(float(f"{value:.2g}"))


def inputs_table(costs: Costs) -> str:
    """What was measured, a column a part of a workflow."""
    parts = (costs.first, costs.more, costs.payload_byte, costs.removal)
    lines = [["of a workflow", "one activity", "each activity more", "each KB of payload, each time it is carried", "removal after its retention"]]
    for name, field, unit in (("CPU of Postgres", "postgres", "ms"), ("CPU of the coordinator", "coordinator", "ms"),
                              ("CPU of a Swift worker", "worker", "ms"), ("WAL", "wal", "B"), ("stored, indexes included", "stored", "B"),
                              ("between workers, clients and coordinators", "wire", "B")):
        cells = []
        for part in parts:
            value = getattr(part, field) * (1000 if part is costs.payload_byte else 1)
            cells.append(f"{number(value)} {unit}" if value else "")
        lines.append([name, *cells])
    return aligned(lines)


def ceiling_table(machines: list[Machine], found: dict[str, list[Ceiling]]) -> str:
    """A line a resource, a column a machine; the one that ends first is bold."""
    lowest = {name: peak(each).resource for name, each in found.items()}
    lines = [["workflows/s by", *(machine.name for machine in machines), "because of"]]
    for ceiling in found[machines[0].name]:
        cells = []
        for machine in machines:
            value = rounded(next(each.workflows_per_s for each in found[machine.name] if each.resource == ceiling.resource))
            cells.append(f"**{value}**" if lowest[machine.name] == ceiling.resource else value)
        lines.append([ceiling.resource, *cells, ceiling.how])
    return aligned(lines)


def beside_table(needs: dict[str, tuple[float, Beside]]) -> str:
    lines = [["at that rate", *needs]]
    rows = [
        ("workflows/s", lambda rate, need: rounded(rate)),
        ("coordinator cores", lambda rate, need: f"{need.coordinator_cores}"),
        ("lanes that write", lambda rate, need: f"{need.lanes}"),
        (f"coordinators of {CORES_EACH} cores and {LANES_EACH} lanes", lambda rate, need: f"{coordinators(need, CORES_EACH, LANES_EACH)}"),
        ("worker cores, for nothing but the SDK", lambda rate, need: f"{need.worker_cores}"),
        ("commits/s, batches full", lambda rate, need: rounded(need.commits_per_s)),
        ("WAL", lambda rate, need: f"{rounded(need.wal_bytes_per_s / 1e6)} MB/s"),
        ("between workers, clients and coordinators", lambda rate, need: f"{rounded(need.wire_bytes_per_s / 1e6)} MB/s"),
        ("stored, if it goes on for a day", lambda rate, need: f"{rounded(need.stored_bytes_a_day / 1e12)} TB"),
    ]
    return aligned(lines + [[name, *(say(*each) for each in needs.values())] for name, say in rows])


def told(costs: Costs, machines: list[Machine], activities: int, payload: int, kept_days: float, assume: Assumptions) -> tuple[str, str]:
    """The text, and the plot as SVG."""
    cost, operations = costs.of(activities, payload), costs.operations_of(activities)
    found = {machine.name: ceilings(machine, cost, operations, costs.removal, assume, kept_days) for machine in machines}
    needs = {}
    for machine in machines:
        rate = peak(found[machine.name]).workflows_per_s
        needs[machine.name] = (rate, beside(rate, machine, cost, operations, assume))
    bars = [Bar(f"{machine.name}: {ceiling.resource.split(' (')[0]}", float(f"{ceiling.workflows_per_s:.2g}"),
                is_ours=ceiling == peak(found[machine.name]))
            for machine in machines for ceiling in found[machine.name]]
    load = f"{'one activity' if activities == 1 else f'{activities} activities'}, {f'{payload:,} B of payload' if payload else 'no payload'}"
    plot = bar_chart(f"What each resource of one Postgres would carry: {load}", "workflows/s", bars,
                     "computed from what was measured on two cores; the bar that ends a peak is blue")
    return f"{inputs_table(costs)}\n\n{ceiling_table(machines, found)}\n\n{beside_table(needs)}", plot
