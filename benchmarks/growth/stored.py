"""Throughput and latency among so many closed runs: they must not slow open ones."""

from __future__ import annotations

from typing import Any

from growth.load import flatness, latency, over, throughput
from harness.bench import Bench
from harness.curves import Curve
from harness.statistics import shown, spread_of
from harness.table import Row
from measurements.prefill import prefill


def measure(bench: Bench) -> tuple[list[Row], list[Curve]]:
    limit = bench.stored_limit if not bench.quick else 10_000
    sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000, 10_000_000) if size <= limit]
    points: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
    for size in sizes:
        bench.progress(f"growth, stored runs: storing {size:,}")
        with bench.server(bench.cluster.make_database(f"growth_stored_{size}")):
            pass  # makes the schema
        prefill(bench.cluster, f"growth_stored_{size}", size)
    disc = int(bench.cluster.psql("SELECT pg_database_size(current_database())", f"growth_stored_{sizes[-1]}")) / sizes[-1]
    for number in range(bench.rounds):
        for size in sizes:
            database = f"growth_stored_{size}"
            with bench.server(bench.cluster.url(database)) as server, bench.worker(server.answer) as worker:
                groups = {"coordinator": [server.pid], "worker": [worker.pid]}
                throughput(bench, database, [server.answer], 1_000, 500, **groups)
                record = throughput(bench, database, [server.answer], bench.size(10_000, 1_000), 1_000, **groups)
                record["alone"] = latency(bench, server.answer, bench.size(200, 30))
                points[size].append(record)
            bench.progress(f"growth, stored runs {number + 1}/{bench.rounds}: {size:,}: {record['per_s']:,.0f} workflows/s, "
                           f"{record['alone']['p50_ms']:.2f} ms alone; {100 * record['other_share']:.0f} % used by others")
    for size in sizes:
        bench.cluster.psql(f"DROP DATABASE growth_stored_{size} WITH (FORCE)")
    bench.records["growth_stored"] = {"points": points, "bytes_per_closed_run": disc}
    rows = [Row(f"{size:,} closed runs stored: workflows/s", shown(spread_of(rounds, "per_s"), ",.0f"),
                f"{shown(spread_of(rounds, 'alone', 'p50_ms'), '.2f', ' ms')} one alone, "
                f"Postgres {shown(spread_of(rounds, 'cpu_ms', 'postgres'), '.3f', ' CPU-ms')} each")
            for size, rounds in points.items()]
    for name, keys in (("workflows/s", ("per_s",)), ("Postgres CPU a workflow", ("cpu_ms", "postgres"))):
        flat = flatness(points, *keys)
        rows.append(Row(f"{sizes[0]:,} to {sizes[-1]:,} closed runs: {name}, least to most", f"{flat:.2f}", "", "", ">= 0.8", flat >= 0.8))
    rows.append(Row("disc a closed run of one activity, indexes included", f"{disc:,.0f} B"))
    return rows, [
        Curve("growth-stored-throughput", "Throughput by the number of closed runs stored", "closed runs", "workflows/s",
              over(points, "per_s")),
        Curve("growth-stored-latency", "One workflow alone by the number of closed runs stored", "closed runs", "ms, median",
              over(points, "alone", "p50_ms")),
    ]
