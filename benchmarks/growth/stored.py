"""Throughput and latency among so many closed runs: they must not slow open ones.

Each number has a database of its own, and all of them are measured in turns. A database that is small beside what is measured in
it is copied afresh for each round.
"""

from __future__ import annotations

import time
from typing import Any

from growth.load import flatness, latency, over, throughput
from harness.bench import Bench
from harness.curves import Curve
from harness.statistics import Spread, median_of, shown, spread_of
from harness.table import Row, duration
from measurements.prefill import BYTES_PER_RUN, has_room, prefill

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
COPIED = 100_000
"""Up to so many stored runs a database is copied for each round."""
COPY = "growth_stored"
SPACE = """
SELECT sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid)) FROM pg_class c
 WHERE c.oid IN ('kagzi.runs'::regclass, 'kagzi.steps'::regclass)
"""


def measure(bench: Bench) -> tuple[list[Row], list[Curve]]:
    rows: list[Row] = []
    sizes: list[int] = []
    space: dict[int, tuple[int, int]] = {}
    for size in SIZES:
        if size > (10_000 if bench.quick else bench.stored_limit):
            break
        if not has_room(bench.cluster, size):
            rows.append(Row(f"{size:,} closed runs stored", "NOT MEASURED", f"the disk has no {BYTES_PER_RUN * size / 1e9:.0f} GB free", met=False))
            break
        space[size] = store(bench, size)
        sizes.append(size)
    points: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
    for number in range(bench.rounds):
        for size in sizes if number % 2 == 0 else reversed(sizes):
            points[size].append(point(bench, size))
            record = points[size][-1]
            bench.progress(f"growth, stored runs {number + 1}/{bench.rounds}: {size:,}: {record['per_s']:,.0f} workflows/s, "
                           f"{record['alone']['p50_ms']:.2f} ms alone; {100 * record['other_share']:.0f} % used by others")
    for name in [COPY, *map(stored, sizes)]:
        bench.cluster.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    bench.records["growth_stored"] = {"points": points, "space": space}
    return told(points, space) + rows, [
        Curve("growth-stored-throughput", "Throughput by the number of closed runs stored", "closed runs", "workflows/s",
              over(points, "per_s")),
        Curve("growth-stored-latency", "One workflow alone by the number of closed runs stored", "closed runs", "ms, median",
              over(points, "alone", "p50_ms")),
    ]


def stored(size: int) -> str:
    return f"growth_stored_{size}"


def store(bench: Bench, size: int) -> tuple[int, int]:
    """Makes the database; the bytes of its two tables and of their indexes."""
    database = stored(size)
    with bench.server(bench.cluster.make_database(database)):
        pass  # makes the schema
    bench.progress(f"growth, stored runs: storing {size:,}")
    begin = time.monotonic()
    prefill(bench.cluster, database, size, lambda told: bench.progress(f"growth, stored runs: storing {size:,}: {told}"))
    tables, indexes = map(int, bench.cluster.psql(SPACE, database).split("|"))
    bench.progress(f"growth, stored runs: {size:,} took {duration(time.monotonic() - begin)} and {(tables + indexes) / 1e6:,.0f} MB")
    return tables, indexes


def point(bench: Bench, size: int) -> dict[str, Any]:
    database = stored(size)
    if size <= COPIED:
        bench.cluster.psql(f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")
        bench.cluster.psql(f"CREATE DATABASE {COPY} TEMPLATE {database}")
        database = COPY
    bench.cluster.psql("CHECKPOINT")
    with bench.server(bench.cluster.url(database)) as server, bench.worker(server.answer) as worker:
        groups = {"coordinator": [server.pid], "worker": [worker.pid]}
        throughput(bench, [server.answer], 1_000, 500, **groups)
        record = throughput(bench, [server.answer], bench.size(10_000, 1_000), 1_000, **groups)
        record["alone"] = latency(bench, server.answer, bench.size(200, 30))
    return record


def told(points: dict[int, list[dict[str, Any]]], space: dict[int, tuple[int, int]]) -> list[Row]:
    rows = [Row(f"{size:,} closed runs stored: workflows/s", shown(spread_of(rounds, "per_s"), ",.0f"),
                f"{shown(spread_of(rounds, 'alone', 'p50_ms'), '.2f', ' ms')} one alone, "
                f"Postgres {median_of(rounds, 'cpu_ms', 'postgres'):.3f} CPU-ms each; "
                f"tables {space[size][0] / 1e6:,.0f} MB, indexes {space[size][1] / 1e6:,.0f} MB")
            for size, rounds in points.items()]
    first, last = min(points), max(points)
    for name, keys in (("workflows/s", ("per_s",)), ("one alone, p50", ("alone", "p50_ms")), ("Postgres CPU a workflow", ("cpu_ms", "postgres"))):
        flat = flatness(points, *keys)
        rows.append(Row(f"{first:,} to {last:,} closed runs: {name}, least to most", f"{flat:.2f}", pairs(points, *keys), "", ">= 0.8", flat >= 0.8))
    rows.append(Row("disk a closed run of one activity, indexes included", f"{sum(space[last]) / last:,.0f} B"))
    return rows


def pairs(points: dict[int, list[dict[str, Any]]], *keys: str) -> str:
    """What the most stored runs make of a figure, against the fewest in the same round."""
    fewest, most = (spread_values(points[size], *keys) for size in (min(points), max(points)))
    return f"{shown(Spread.of(b / a for a, b in zip(fewest, most)), '.2f')} × with {max(points):,}, round by round"


def spread_values(rounds: list[dict[str, Any]], *keys: str) -> list[float]:
    return [median_of([record], *keys) for record in rounds]
