"""One-activity workflows a second with a Swift worker, beside what Postgres alone can do."""

from __future__ import annotations

import json
from typing import Any

from harness.bench import Bench
from harness.processes import run
from harness.spending import PROCESSES, Spending, cost_line
from harness.statistics import Spread, median_of, shown, spread_of
from harness.table import Row
from measurements import limit
from measurements.prefill import prefill

DATABASE = "bench_throughput"


def drive(bench: Bench, address: str, count: int) -> float:
    """Seconds from the first start to the last result."""
    output = run([bench.tool, "throughput", address, "--count", str(count), "--in-flight", "1000"])
    return float(json.loads(output)["seconds"])


def workflows(bench: Bench) -> dict[str, Any]:
    count = bench.size(20_000, 2_000)
    cluster = bench.cluster
    url = cluster.make_database(DATABASE)
    with bench.server(url) as server, bench.worker(server.answer) as worker:
        if bench.prefill:
            prefill(cluster, DATABASE, bench.prefill, lambda told: bench.progress(f"storing {bench.prefill:,} runs: {told}"))
        drive(bench, server.answer, 1_000)
        if bench.profile:
            cluster.track_statements(True)
            cluster.psql("SELECT pg_stat_statements_reset()")
        with Spending(bench, coordinator=[server.pid], worker=[worker.pid]) as spending:
            seconds = drive(bench, server.answer, count)
        statements = cluster.statements(DATABASE) if bench.profile else []
        if bench.profile:
            cluster.track_statements(False)
    spent = spending.per(count)
    return {"workflows_per_s": count / seconds, **spent, "cpu_ms_total": sum(spent["cpu_ms"].values()), "statements": statements[:20]}


def measure(bench: Bench) -> list[Row]:
    limits, runs = [], []
    for number in range(bench.rounds):
        limits.append(limit.lifecycles(bench, bench.size(8, 3)))
        runs.append(workflows(bench))
        bench.progress(
            f"workflows {number + 1}/{bench.rounds}: {runs[-1]['workflows_per_s']:,.0f}/s, Postgres alone "
            f"{limits[-1]['lifecycles_per_s']:,.0f} lifecycles/s; {100 * runs[-1]['other_share']:.0f} % used by others")
    bench.records["limit"] = limits
    bench.records["throughput"] = runs
    bench.costs.append(cost_line("one activity, 1,000 at a time", runs))
    rate, alone = spread_of(runs, "workflows_per_s"), median_of(limits, "lifecycles_per_s")
    ratio = Spread.of(a["workflows_per_s"] / (b["lifecycles_per_s"] / 2) for a, b in zip(runs, limits))
    postgres, pure = median_of(runs, "cpu_ms", "postgres"), median_of(limits, "cpu_ms_per_lifecycle")
    cpu = "  ".join(
        f"{name} {median_of(runs, 'cpu_ms', name):.3f}" for name in PROCESSES)
    return [
        Row("one-activity workflows/s", shown(rate, ",.0f"), f"{alone / 2:,.0f} (Postgres alone, two lifecycles each)",
            shown(ratio, ".2f"), ">= 0.25", ratio.median >= 0.25),
        Row("CPU-ms a workflow", shown(spread_of(runs, "cpu_ms_total"), ".3f"), cpu),
        Row("Postgres CPU-ms a workflow", shown(spread_of(runs, "cpu_ms", "postgres"), ".3f"), f"{2 * pure:.3f} (two lifecycles in batches)",
            f"{postgres / (2 * pure):.2f}"),
        Row("commits a workflow", shown(spread_of(runs, "per_workflow", "writing_transactions"), ".3f")),
        Row("WAL bytes a workflow", shown(spread_of(runs, "per_workflow", "wal_bytes"), ",.0f")),
    ]
