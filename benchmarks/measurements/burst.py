"""Many sleepers due at one instant: how fast they are worked off, and what a new start takes meanwhile."""

from __future__ import annotations

import json
import time
from typing import Any

from harness.bench import Bench
from harness.processes import Child, run
from harness.spending import Spending, cost_line
from harness.table import Row

DATABASE = "bench_burst"
OPEN = "SELECT count(*) FROM kagzi.open_runs WHERE workflow_type = 'bench-sleeping'"


def latency(bench: Bench, address: str, until: Any) -> dict[str, float]:
    """What starts took while `until` went on."""
    with Child([bench.tool, "start-latency", address], bench.log, ready=r"^(ready)") as driver:
        until()
        driver.stop()
        assert driver.process.stdout
        return dict(json.loads(driver.process.stdout.read()))


def measure(bench: Bench) -> list[Row]:
    sleepers = bench.size(100_000, 5_000)
    cluster = bench.cluster
    url = cluster.make_database(DATABASE)
    lead = bench.size(120, 10)
    with bench.server(url) as server, bench.worker(server.answer) as worker:
        bench.progress(f"burst: starting {sleepers:,} sleepers")
        due = time.time() + lead
        run([bench.tool, "sleepers", server.answer, "--count", str(sleepers), "--due-at", str(int(due * 1000))])
        asleep = f"{OPEN} AND status = 3 AND NOT leased"
        while int(cluster.psql(asleep, DATABASE)) < sleepers:
            if time.time() > due - 3:
                raise RuntimeError("the sleepers did not all come to sleep in time")
            time.sleep(0.2)
        before = latency(bench, server.answer, lambda: time.sleep(max(1.0, due - 1 - time.time())))

        def work_off() -> None:
            time.sleep(max(0.0, due - time.time()))
            while int(cluster.psql(OPEN, DATABASE)):
                if time.time() > due + 300:
                    raise RuntimeError("the sleepers were not worked off")
                time.sleep(0.1)

        with Spending(bench, coordinator=[server.pid], worker=[worker.pid]) as spending:
            meanwhile = latency(bench, server.answer, work_off)
        seconds = spending.wall
        spent = spending.per(sleepers)
    bench.records["burst"] = {"sleepers": sleepers, "seconds": seconds, "before": before, "meanwhile": meanwhile,
                              **spent}
    bench.costs.append(cost_line("a sleeper woken", [spent]))
    bench.progress(f"burst: worked off in {seconds:.1f} s; a start took {meanwhile['p99_ms']:.1f} ms (p99) meanwhile")
    return [
        Row(f"{sleepers:,} sleepers due at once: woken/s", f"{sleepers / seconds:,.0f}"),
        Row("a start meanwhile, p50", f"{meanwhile['p50_ms']:.1f} ms", f"{before['p50_ms']:.1f} ms before"),
        Row("a start meanwhile, p99", f"{meanwhile['p99_ms']:.1f} ms", f"{before['p99_ms']:.1f} ms before"),
    ]
