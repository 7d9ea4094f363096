"""A quiet tenant beside a busy one: what a workflow of the quiet one takes while the busy one keeps the coordinator saturated."""

from __future__ import annotations

import json
import time
from typing import Any

from harness.bench import Bench
from harness.processes import Child, run
from harness.spending import Spending, cost_line
from harness.statistics import Spread, shown, spread_of
from harness.table import Row

DATABASE = "bench_tenants"
EVERY_MS = 50
IN_FLIGHT = 1_000


def measure(bench: Bench) -> list[Row]:
    url = bench.cluster.make_database(DATABASE)
    seconds = bench.size(15, 3)
    rounds = []
    with bench.server(url) as server:
        for namespace in ("busy", "quiet"):
            run([bench.kagzi, "namespace", "create", namespace, "--address", server.answer])
        with (bench.worker(server.answer, "--namespace", "busy") as busy,
              bench.worker(server.answer, "--namespace", "quiet") as quiet):

            def pace(length: float) -> dict[str, Any]:
                return dict(json.loads(run([bench.tool, "paced", server.answer, "--namespace", "quiet", "--rate",
                                            str(1000 // EVERY_MS), "--seconds", str(length)])))

            pace(2)
            for number in range(bench.rounds):
                alone = pace(seconds)
                command = [bench.tool, "saturate", server.answer, "--namespace", "busy", "--in-flight", str(IN_FLIGHT)]
                with Child(command, bench.log, ready=r"^(ready)") as load:
                    time.sleep(2)
                    with Spending(bench, coordinator=[server.pid], worker=[busy.pid, quiet.pid],
                                  driver=[load.pid]) as spending:
                        beside = pace(seconds)
                    load.stop()
                    assert load.process.stdout
                    taken = json.loads(load.process.stdout.read())
                rate = taken["count"] / taken["seconds"]
                rounds.append({"alone": alone, "beside": beside, "busy_per_s": rate, "busy": taken,
                               "ratio": beside["p99_ms"] / alone["p99_ms"], **spending.per(rate * spending.wall)})
                bench.progress(
                    f"tenants {number + 1}/{bench.rounds}: quiet p99 {beside['p99_ms']:.1f} ms beside {rate:,.0f}/s of the busy one "
                    f"(p99 {taken['p99_ms']:.0f} ms), {alone['p99_ms']:.1f} ms alone; "
                    f"{100 * rounds[-1]['other_share']:.0f} % used by others")
    bench.records["tenants"] = rounds
    bench.costs.append(cost_line("busy and quiet tenant", rounds))
    ratio: Spread = spread_of(rounds, "ratio")
    return [
        Row(f"quiet tenant beside a busy one, {name}", shown(spread_of(rounds, "beside", f"{name}_ms"), ".1f", " ms"),
            f"{shown(spread_of(rounds, 'alone', f'{name}_ms'), '.1f', ' ms')} alone",
            shown(ratio, ".2f") if name == "p99" else "", "<= 2" if name == "p99" else "",
            ratio.median <= 2 if name == "p99" else None) for name in ("p50", "p99")
    ] + [Row("the busy tenant meanwhile", f"{shown(spread_of(rounds, 'busy_per_s'), ',.0f')} workflows/s",
             f"p99 {shown(spread_of(rounds, 'busy', 'p99_ms'), ',.0f', ' ms')}")]
