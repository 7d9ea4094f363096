"""From the start of a one-activity workflow to its result, one at a time."""

from __future__ import annotations

import json

from harness.bench import Bench
from harness.processes import run
from harness.spending import Spending, cost_line
from harness.statistics import Spread, median_of, shown, spread_of
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
            with Spending(bench, coordinator=[server.pid], worker=[worker.pid]) as spending:
                output = run([bench.tool, "latency", server.answer, "--count", str(count)])
            rounds.append({**json.loads(output), **spending.per(count + 20)})
            bench.progress(
                f"latency {number + 1}/{bench.rounds}: p50 {rounds[-1]['p50_ms']:.2f} ms, a commit "
                f"{commits[-1]['p50_ms']:.3f} ms; {100 * rounds[-1]['other_share']:.0f} % used by others")
    bench.records["commit"] = commits
    bench.records["latency"] = rounds
    bench.costs.append(cost_line("one activity, one at a time", rounds))
    single = median_of(commits, "p50_ms")
    allowed = 4 * single + 2
    ratio = Spread.of(a["p50_ms"] / (4 * b["p50_ms"] + 2) for a, b in zip(rounds, commits))
    return [
        Row("start to result, p50", shown(spread_of(rounds, "p50_ms"), ".2f", " ms"),
            f"{allowed:.2f} ms (4 commits of {single:.3f} ms + 2 ms)", shown(ratio, ".2f"), "<= 1", ratio.median <= 1),
        Row("start to result, p99", shown(spread_of(rounds, "p99_ms"), ".2f", " ms")),
    ]
