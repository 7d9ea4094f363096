"""What waiting costs: many runs that wait and many workers without work."""

from __future__ import annotations

import time

from harness.bench import Bench
from harness.meter import Meter
from harness.processes import Child, resident_mib
from harness.table import Row

DATABASE = "bench_idle"


def measure(bench: Bench) -> list[Row]:
    workers, runs = bench.size(1_000, 100), bench.size(10_000, 1_000)
    cluster = bench.cluster
    url = cluster.make_database(DATABASE)
    bench.progress(f"idle: {workers:,} workers and {runs:,} waiting runs")
    fleet_command = [bench.tool, "idle", "", "--workers", str(workers), "--runs", str(runs)]
    with bench.server(url) as server:
        fleet_command[2] = server.answer
        with Child(fleet_command, bench.log, ready=r"^ready (\d+)", timeout=300):
            deadline = time.monotonic() + 300
            while int(cluster.psql("SELECT count(*) FROM kagzi.open_runs WHERE status = 3 AND NOT leased", DATABASE)) < runs:
                if time.monotonic() > deadline:
                    raise RuntimeError("the runs did not all come to wait")
                time.sleep(0.5)
            time.sleep(bench.size(20, 5))  # until only what recurs is left
            seconds = bench.size(20, 10)
            cluster.track_statements(True)
            cluster.psql("SELECT pg_stat_statements_reset()")
            before = cluster.transactions(DATABASE)
            with Meter(coordinator=server.pid, postgres=cluster.pid) as meter:
                time.sleep(seconds)
            statements = cluster.statements(DATABASE)
            time.sleep(1.2)  # backends report their counters once a second
            transactions = cluster.transactions(DATABASE) - before
            cluster.track_statements(False)
            memory = resident_mib(server.pid)
    rate = sum(float(row["calls"]) for row in statements) / seconds
    bench.records["idle"] = {
        "workers": workers, "runs": runs, "coordinator_mib": memory, "statements_per_s": rate,
        "transactions_per_s": transactions / seconds,
        "cpu_percent": {name: 100 * spent / meter.wall for name, spent in meter.cpu.items()}, "statements": statements,
    }
    name = f"{runs:,} waiting runs, {workers:,} idle workers"
    return [
        Row(f"{name}: coordinator", f"{memory:.0f} MiB", "", "", "< 300 MB", memory * 1.048576 < 300),
        Row(f"{name}: statements/s", f"{rate:.1f}", "", "", "< 20", rate < 20),
        Row(f"{name}: CPU of one core", f"{100 * meter.cpu['coordinator'] / meter.wall:.1f} %",
            f"Postgres {100 * meter.cpu['postgres'] / meter.wall:.1f} %"),
    ]
