"""Throughput and latency by the size of a payload that is input and output of a workflow and of its activity.

It is noise: Postgres keeps what it can make smaller in less room, and measuring that would tell of the text and not of its size.
"""

from __future__ import annotations

import json
from typing import Any

from growth.load import over, throughput
from harness.bench import Bench
from harness.curves import Curve
from harness.processes import run
from harness.statistics import Spread, median_of, shown, spread_of
from harness.table import Row

DATABASE = "growth_payloads"
IN_FLIGHT_BYTES = 32_000_000
TOTAL_BYTES = 150_000_000
COPIES = 4
"""A workflow of one activity carries its payload so often: both inputs and both outputs."""


def measure(bench: Bench) -> tuple[list[Row], list[Curve]]:
    sizes = [100, 10_000] if bench.quick else [100, 1_000, 10_000, 100_000, 1_000_000]
    points: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
    for number in range(bench.rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            points[size].append(point(bench, size))
            record = points[size][-1]
            bench.progress(f"growth, payloads {number + 1}/{bench.rounds}: {size:,} B: {record['per_s']:,.0f} workflows/s, "
                           f"{record['alone']['p50_ms']:.2f} ms alone; {100 * record['other_share']:.0f} % used by others")
    bench.records["growth_payloads"] = points
    rows = [Row(f"payloads of {size:,} B: workflows/s", shown(spread_of(rounds, "per_s"), ",.0f"),
                f"{shown(Spread.of(COPIES * size * each['per_s'] / 1e6 for each in rounds), ',.1f', ' MB/s')} of payloads; "
                f"{shown(spread_of(rounds, 'alone', 'p50_ms'), '.2f', ' ms')} one alone; "
                f"WAL {median_of(rounds, 'per_workflow', 'wal_bytes'):,.0f} B each; bottleneck {rounds[-1]['bottleneck']}")
            for size, rounds in points.items()]
    return rows, [
        Curve("growth-payloads-throughput", "Throughput by the size of payloads", "bytes", "workflows/s", over(points, "per_s")),
        Curve("growth-payloads-latency", "One workflow alone by the size of payloads", "bytes", "ms, median", over(points, "alone", "p50_ms")),
    ]


def point(bench: Bench, size: int) -> dict[str, Any]:
    url = bench.cluster.make_database(DATABASE)
    with bench.server(url) as server, bench.worker(server.answer) as worker:
        groups = {"coordinator": [server.pid], "worker": [worker.pid]}
        in_flight = max(4, min(1_000, IN_FLIGHT_BYTES // size))
        count = max(100, min(bench.size(10_000, 500), TOTAL_BYTES // size))
        options = ("--bytes", str(size))
        throughput(bench, [server.answer], max(20, count // 10), in_flight, *options, **groups)
        record = throughput(bench, [server.answer], count, in_flight, *options, **groups)
        alone = run([bench.tool, "throughput", server.answer, "--count", str(bench.size(100, 20)), "--in-flight", "1", *options])
        return {**record, "alone": json.loads(alone)}
