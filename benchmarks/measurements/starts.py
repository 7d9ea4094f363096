"""Starts alone: no worker, nobody waits. One call each, and in batches."""

from __future__ import annotations

import json

from harness.bench import Bench
from harness.processes import run
from harness.spending import Spending, cost_line
from harness.statistics import shown, spread_of
from harness.table import Row

DATABASE = "bench_starts"
WAYS = {"one call each": (1, 500), "100 a call": (100, 10), "1,000 a call": (1_000, 4)}


def measure(bench: Bench) -> list[Row]:
    count = bench.size(40_000, 4_000)
    rounds: dict[str, list[dict[str, object]]] = {name: [] for name in WAYS}
    for number in range(bench.rounds):
        url = bench.cluster.make_database(DATABASE)
        with bench.server(url) as server:
            def start(many: int, batch: int, in_flight: int) -> dict[str, float]:
                return dict(json.loads(run([bench.tool, "starts", server.answer, "--count", str(many), "--batch", str(batch),
                                            "--in-flight", str(in_flight)])))

            start(1_000, 1, 100)
            for name, (batch, in_flight) in WAYS.items():
                with Spending(bench, coordinator=[server.pid]) as spending:
                    taken = start(count, batch, in_flight)
                rounds[name].append({**taken, "per_s": taken["started"] / taken["seconds"], **spending.per(taken["started"])})
        told = ", ".join(f"{name} {each[-1]['per_s']:,.0f}/s" for name, each in rounds.items())
        bench.progress(f"starts {number + 1}/{bench.rounds}: {told}")
    bench.records["starts"] = rounds
    bench.costs += [cost_line(f"a start, {name}", each) for name, each in rounds.items()]
    return [Row(f"starts/s, {name}", shown(spread_of(each, "per_s"), ",.0f"),
                f"a call: p50 {shown(spread_of(each, 'p50_ms'), '.1f', ' ms')}") for name, each in rounds.items()]
