"""Throughput of one to three coordinators on one database, each with a worker and a driver of its own."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from growth.load import latency, over, throughput
from harness.bench import Bench
from harness.curves import Curve
from harness.statistics import shown, spread_of
from harness.table import Row

DATABASE = "growth_coordinators"


def measure(bench: Bench) -> tuple[list[Row], list[Curve]]:
    points: dict[int, list[dict[str, Any]]] = {size: [] for size in (1, 2, 3)}
    for number in range(bench.rounds):
        for size in points if number % 2 == 0 else reversed(points):
            points[size].append(point(bench, size))
            record = points[size][-1]
            bench.progress(f"growth, coordinators {number + 1}/{bench.rounds}: {size}: {record['per_s']:,.0f} workflows/s, "
                           f"bottleneck {record['bottleneck']}; {100 * record['other_share']:.0f} % used by others")
    bench.records["growth_coordinators"] = points
    rows = [Row(f"{size} coordinators: workflows/s", shown(spread_of(rounds, "per_s"), ",.0f"),
                f"{shown(spread_of(rounds, 'alone', 'p50_ms'), '.2f', ' ms')} one alone; "
                f"CPU-ms each: {shown(spread_of(rounds, 'cpu_ms', 'coordinator'), '.3f')} coordinators, "
                f"{shown(spread_of(rounds, 'cpu_ms', 'postgres'), '.3f')} Postgres")
            for size, rounds in points.items()]
    return rows, [Curve("growth-coordinators", "Throughput by the number of coordinators, one machine", "coordinators", "workflows/s",
                        over(points, "per_s"), is_logarithmic=False),
                  Curve("growth-coordinators-cost", "Postgres for a workflow by the number of coordinators", "coordinators", "CPU-ms",
                        over(points, "cpu_ms", "postgres"), is_logarithmic=False)]


def point(bench: Bench, size: int) -> dict[str, Any]:
    url = bench.cluster.make_database(DATABASE)
    with ExitStack() as stack:
        servers = [stack.enter_context(bench.server(url)) for _ in range(size)]
        addresses = [server.answer for server in servers]
        workers = [stack.enter_context(bench.worker(address)) for address in addresses]
        groups = {"coordinator": [server.pid for server in servers], "worker": [worker.pid for worker in workers]}
        throughput(bench, addresses, 1_000, 500, **groups)
        record = throughput(bench, addresses, bench.size(12_000, 1_200), 999, **groups)
        return {**record, "alone": latency(bench, addresses[-1], bench.size(200, 30))}
