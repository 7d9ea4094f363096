"""Parallel groups of activities: what a member costs as groups grow, beside workflows of one activity each."""

from __future__ import annotations

import json

from harness.bench import Bench
from harness.meter import Meter
from harness.processes import run
from harness.statistics import median_of
from harness.table import Row

DATABASE = "bench_groups"


def measure(bench: Bench) -> list[Row]:
    url = bench.cluster.make_database(DATABASE)
    sizes = [100, 1_000, 10_000] if not bench.quick else [100, 1_000]
    rounds = []
    with bench.server(url) as server, bench.worker(server.answer) as worker:

        def drive(workflow: str, members: int, count: int, in_flight: int) -> float:
            """Seconds."""
            output = run([bench.tool, "throughput", server.answer, "--workflow", workflow, "--input", str(members),
                          "--count", str(count), "--in-flight", str(in_flight)])
            return float(json.loads(output)["seconds"])

        drive("bench-fan-out", 100, 3, 1)
        for number in range(bench.rounds):
            seconds, cpu = {}, {}
            for members in sizes:
                count = max(1, sizes[-1] // members)
                with Meter(coordinator=server.pid, worker=worker.pid, postgres=bench.cluster.pid) as meter:
                    seconds[members] = drive("bench-fan-out", members, count, 1) / count
                cpu[members] = 1000 * sum(meter.cpu.values()) / count / members
            single = bench.size(10_000, 1_000)
            singles = single / drive("bench-one", 1, single, 1_000)
            rounds.append({"seconds": seconds, "cpu_ms_per_member": cpu, "singles_per_s": singles})
            told = ", ".join(f"{members:,}: {1e6 * seconds[members] / members:.0f} us a member" for members in sizes)
            bench.progress(f"groups {number + 1}/{bench.rounds}: {told}")
    bench.records["groups"] = rounds
    singles = median_of(rounds, "singles_per_s")
    rows = []
    for members in sizes:
        took = median_of([{"s": each["seconds"][members]} for each in rounds], "s")
        rows.append(Row(f"a group of {members:,} activities", f"{took:.3f} s", f"{members / took:,.0f} members/s"))
    rate = sizes[1] / median_of([{"s": each["seconds"][sizes[1]]} for each in rounds], "s")
    rows.append(Row(f"members/s of a group of {sizes[1]:,}", f"{rate:,.0f}", f"{singles:,.0f} one-activity workflows/s",
                    f"{rate / singles:.2f}", ">= 1", rate >= singles))
    first, last = (median_of([{"c": each["cpu_ms_per_member"][size]} for each in rounds], "c") for size in (sizes[0], sizes[-1]))
    rows.append(Row(f"CPU-ms a member of {sizes[-1]:,}", f"{last:.3f}", f"{first:.3f} of {sizes[0]:,}", f"{last / first:.2f}",
                    "<= 1", last <= first))
    return rows
