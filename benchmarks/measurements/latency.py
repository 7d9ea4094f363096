"""From the start of a one-activity workflow to its result, one at a time."""

from __future__ import annotations

import json

from harness.bench import Bench
from harness.meter import Meter
from harness.processes import run
from harness.statistics import median_of
from harness.table import Row
from measurements import limit

DATABASE = "bench_latency"


def measure(bench: Bench) -> list[Row]:
    commits, rounds = [], []
    cluster = bench.cluster
    url = cluster.make_database(DATABASE)
    with bench.server(url) as server, bench.worker(server.answer) as worker:
        for number in range(bench.rounds):
            commits.append(limit.commit(bench, bench.size(3, 1)))
            count = bench.size(500, 100)
            with Meter(coordinator=server.pid, worker=worker.pid, postgres=cluster.pid) as meter:
                output = run([bench.tool, "latency", server.answer, "--count", str(count)])
            rounds.append({**json.loads(output), "other_share": meter.other_share,
                           "cpu_ms": {name: 1000 * spent / count for name, spent in meter.cpu.items()}})
            bench.progress(
                f"latency {number + 1}/{bench.rounds}: p50 {rounds[-1]['p50_ms']:.2f} ms, a commit "
                f"{commits[-1]['p50_ms']:.3f} ms; {100 * meter.other_share:.0f} % used by others")
    bench.records["commit"] = commits
    bench.records["latency"] = rounds
    p50, p99 = median_of(rounds, "p50_ms"), median_of(rounds, "p99_ms")
    single = median_of(commits, "p50_ms")
    allowed = 4 * single + 2
    return [
        Row("start to result, p50", f"{p50:.2f} ms", f"{allowed:.2f} ms (4 commits of {single:.3f} ms + 2 ms)",
            f"{p50 / allowed:.2f}", "<= 1", p50 <= allowed),
        Row("start to result, p99", f"{p99:.2f} ms"),
    ]
