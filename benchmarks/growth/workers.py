"""Throughput and latency against the number of workers, each with a connection of its own, in one process."""

from __future__ import annotations

from typing import Any

from growth.load import latency, over, throughput
from harness.bench import Bench
from harness.curves import Curve
from harness.statistics import shown, spread_of
from harness.table import Row

DATABASE = "growth_workers"
SLOTS = 4_000


def measure(bench: Bench) -> tuple[list[Row], list[Curve]]:
    sizes = [1, 10, 100] if bench.quick else [1, 10, 100, 1_000]
    points: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
    url = bench.cluster.make_database(DATABASE)
    with bench.server(url) as server:
        for number in range(bench.rounds):
            for size in sizes if number % 2 == 0 else reversed(sizes):
                slots = max(4, SLOTS // size)
                with bench.worker(server.answer, "--workers", str(size), "--slots", str(slots)) as worker:
                    groups = {"coordinator": [server.pid], "worker": [worker.pid]}
                    throughput(bench, [server.answer], 500, 500, **groups)
                    record = throughput(bench, [server.answer], bench.size(10_000, 1_000), 1_000, **groups)
                    record["alone"] = latency(bench, server.answer, bench.size(200, 30))
                    points[size].append(record)
                bench.progress(f"growth, workers {number + 1}/{bench.rounds}: {size:,}: {record['per_s']:,.0f} workflows/s, "
                               f"{record['alone']['p50_ms']:.2f} ms alone; {100 * record['other_share']:.0f} % used by others")
    bench.records["growth_workers"] = points
    rows = [Row(f"{size:,} workers: workflows/s", shown(spread_of(rounds, "per_s"), ",.0f"),
                f"{shown(spread_of(rounds, 'alone', 'p50_ms'), '.2f', ' ms')} one alone")
            for size, rounds in points.items()]
    return rows, [
        Curve("growth-workers-throughput", "Throughput by the number of workers", "workers", "workflows/s", over(points, "per_s")),
        Curve("growth-workers-latency", "One workflow alone by the number of workers", "workers", "ms, median",
              over(points, "alone", "p50_ms")),
    ]
