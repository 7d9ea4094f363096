"""Parallel groups of activities: what a member costs as groups grow, beside workflows of one activity each."""

from __future__ import annotations

import json
from typing import Any

from harness.bench import Bench
from harness.processes import run
from harness.spending import Spending, cost_line
from harness.statistics import Spread, shown, spread_of
from harness.table import Row

DATABASE = "bench_groups"
GOAL_S = 3.0
"""For a group of 10,000."""


def measure(bench: Bench) -> list[Row]:
    url = bench.cluster.make_database(DATABASE)
    sizes = [100, 500, 1_000, 10_000] if not bench.quick else [100, 1_000]
    groups: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
    singles = []
    with bench.server(url) as server, bench.worker(server.answer) as worker:

        def drive(workflow: str, members: int, count: int, in_flight: int) -> float:
            """Seconds."""
            output = run([bench.tool, "throughput", server.answer, "--workflow", workflow, "--input", str(members),
                          "--count", str(count), "--in-flight", str(in_flight)])
            return float(json.loads(output)["seconds"])

        drive("bench-fan-out", 100, 3, 1)
        for number in range(bench.rounds):
            for members in sizes:
                count = max(1, sizes[-1] // members)
                with Spending(bench, coordinator=[server.pid], worker=[worker.pid]) as spending:
                    seconds = drive("bench-fan-out", members, count, 1) / count
                spent = spending.per(count * members)
                groups[members].append({"seconds": seconds, **spent, "cpu_ms_per_member": sum(spent["cpu_ms"].values())})
            single = bench.size(10_000, 1_000)
            singles.append({"per_s": single / drive("bench-one", 1, single, 1_000)})
            told = ", ".join(f"{members:,}: {1e6 * groups[members][-1]['seconds'] / members:.0f} us a member" for members in sizes)
            bench.progress(f"groups {number + 1}/{bench.rounds}: {told}")
    bench.records["groups"] = {"groups": groups, "singles": singles}
    bench.costs += [cost_line(f"a member of a group of {members:,}", each) for members, each in groups.items()]
    rows = []
    for members, rounds in groups.items():
        took = spread_of(rounds, "seconds")
        goal = members == 10_000
        rows.append(Row(f"a group of {members:,} activities", shown(took, ".3f", " s"), f"{members / took.median:,.0f} members/s", "",
                        f"< {GOAL_S:.0f} s" if goal else "", took.median < GOAL_S if goal else None))
    rates = [1_000 / one["seconds"] for one in groups[1_000]]
    ratio = Spread.of(rate / single["per_s"] for rate, single in zip(rates, singles))
    rows.append(Row("members/s of a group of 1,000", shown(Spread.of(rates), ",.0f"),
                    f"{shown(spread_of(singles, 'per_s'), ',.0f')} one-activity workflows/s", shown(ratio, ".2f"), ">= 1",
                    ratio.median >= 1))
    first, last = (spread_of(groups[size], "cpu_ms_per_member") for size in (sizes[0], sizes[-1]))
    rows.append(Row(f"CPU-ms a member of {sizes[-1]:,}", shown(last, ".3f"), f"{shown(first, '.3f')} of {sizes[0]:,}",
                    f"{last.median / first.median:.2f}", "<= 1", last.median <= first.median))
    return rows
