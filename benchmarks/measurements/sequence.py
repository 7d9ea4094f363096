"""Ten activities one after the other: steps a second with many such workflows at once, and the time of one alone."""

from __future__ import annotations

import json
from typing import Any

from harness.bench import Bench
from harness.processes import run
from harness.spending import Spending, cost_line
from harness.statistics import shown, spread_of
from harness.table import Row

DATABASE = "bench_sequence"
STEPS = 10


def measure(bench: Bench) -> list[Row]:
    url = bench.cluster.make_database(DATABASE)
    rounds = []
    with bench.server(url) as server, bench.worker(server.answer) as worker:

        def drive(count: int, in_flight: int) -> dict[str, Any]:
            with Spending(bench, coordinator=[server.pid], worker=[worker.pid]) as spending:
                output = run([bench.tool, "throughput", server.answer, "--workflow", "bench-sequence", "--input", str(STEPS),
                              "--count", str(count), "--in-flight", str(in_flight)])
            seconds = float(json.loads(output)["seconds"])
            spent = spending.per(count)
            return {"steps_per_s": STEPS * count / seconds, "ms_per_workflow": 1000 * seconds / count, **spent,
                    "cpu_ms_per_step": sum(spent["cpu_ms"].values()) / STEPS}

        drive(100, 50)
        for number in range(bench.rounds):
            rounds.append({"many": drive(bench.size(2_000, 200), 500), "alone": drive(bench.size(50, 10), 1)})
            bench.progress(f"sequence {number + 1}/{bench.rounds}: {rounds[-1]['many']['steps_per_s']:,.0f} steps/s, "
                           f"{rounds[-1]['alone']['ms_per_workflow']:.1f} ms alone; "
                           f"{100 * rounds[-1]['many']['other_share']:.0f} % used by others")
    bench.records["sequence"] = rounds
    bench.costs += [cost_line(f"ten activities in a row, {name}", [each[key] for each in rounds])
                    for key, name in (("many", "500 at a time"), ("alone", "one at a time"))]
    return [
        Row("ten activities in a row: steps/s", shown(spread_of(rounds, "many", "steps_per_s"), ",.0f")),
        Row("ten activities in a row: CPU-ms a step", shown(spread_of(rounds, "many", "cpu_ms_per_step"), ".3f")),
        Row("ten activities in a row, alone", shown(spread_of(rounds, "alone", "ms_per_workflow"), ".1f", " ms")),
    ]
