"""Start to result at half load: an open-loop driver at half of the throughput measured in the same round."""

from __future__ import annotations

import json

from harness.bench import Bench
from harness.processes import run
from harness.spending import Spending, cost_line
from harness.statistics import shown, spread_of
from harness.table import Row

DATABASE = "bench_half_load"


def measure(bench: Bench) -> list[Row]:
    url = bench.cluster.make_database(DATABASE)
    rounds = []
    count, seconds = bench.size(15_000, 1_500), bench.size(8, 2)
    with bench.server(url) as server, bench.worker(server.answer) as worker:

        def full(number: int) -> float:
            output = run([bench.tool, "throughput", server.answer, "--count", str(number), "--in-flight", "1000"])
            return number / float(json.loads(output)["seconds"])

        full(1_000)
        for number in range(bench.rounds):
            rate = full(count)
            half = max(1, int(rate / 2))
            with Spending(bench, coordinator=[server.pid], worker=[worker.pid]) as spending:
                taken = json.loads(run(
                    [bench.tool, "paced", server.answer, "--rate", str(half), "--seconds", str(seconds)]))
            rounds.append({**taken, "full_per_s": rate, "half_per_s": half, **spending.per(half * seconds)})
            bench.progress(f"half load {number + 1}/{bench.rounds}: {half:,}/s of {rate:,.0f}: p50 {taken['p50_ms']:.1f}, "
                           f"p99 {taken['p99_ms']:.1f} ms; {100 * rounds[-1]['other_share']:.0f} % used by others")
    bench.records["half_load"] = rounds
    bench.costs.append(cost_line("half load", rounds))
    paced = shown(spread_of(rounds, "half_per_s"), ",.0f")
    return [Row(f"start to result at half load, {name}", shown(spread_of(rounds, f"{name}_ms"), ".2f", " ms"),
                f"at {paced} workflows/s" if name == "p50" else "") for name in ("p50", "p99")]
