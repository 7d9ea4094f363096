"""One-activity workflows a second with Python workers: one process, and as many as there are cores (the peers' best)."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from harness.bench import ROOT, Bench
from harness.meter import Meter
from harness.processes import Child, run
from harness.statistics import median_of
from harness.table import Row

DATABASE = "bench_python"
PROGRAM = ROOT / "benchmarks/peers/programs/kagzi_program.py"
IN_FLIGHT = 1_000
CPU_GOAL_MS = 0.4


def _workers(stack: contextlib.ExitStack, bench: Bench, address: str, number: int) -> list[Child]:
    command = [str(ROOT / ".venv/bin/python"), "-B", str(PROGRAM), "worker", address]
    return [stack.enter_context(Child(command, bench.log, ready=r"^ready (.*)$")) for _ in range(number)]


def _round(bench: Bench, workers: int) -> dict[str, Any]:
    count = bench.size(10_000, 1_000)
    url = bench.cluster.make_database(DATABASE)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(bench.server(url))
        children = _workers(stack, bench, server.answer, workers)

        def drive(count: int) -> float:
            output = run([bench.tool, "throughput", server.answer, "--count", str(count), "--in-flight", str(IN_FLIGHT)])
            return float(json.loads(output)["seconds"])

        drive(1_000)
        pids = {f"worker_{index}": child.pid for index, child in enumerate(children)}
        with Meter(coordinator=server.pid, postgres=bench.cluster.pid, **pids) as meter:
            seconds = drive(count)
    cpu = {name: 1_000 * spent / count for name, spent in meter.cpu.items()}
    total = sum(cpu.values())
    worker = sum(cpu.pop(name) for name in pids)
    return {"workflows_per_s": count / seconds, "cpu_ms": {**cpu, "worker": worker}, "cpu_ms_total": total,
            "other_share": meter.other_share}


def measure(bench: Bench) -> list[Row]:
    cores = os.cpu_count() or 1
    kinds = {"one Python worker": 1, f"{cores} Python workers": cores}
    rounds: list[dict[str, Any]] = []
    for number in range(bench.rounds):
        rounds.append({kind: _round(bench, workers) for kind, workers in kinds.items()})
        for kind, found in rounds[-1].items():
            bench.progress(
                f"{kind} {number + 1}/{bench.rounds}: {found['workflows_per_s']:,.0f} workflows/s, "
                f"{found['cpu_ms']['worker']:.3f} ms of Python each; {100 * found['other_share']:.0f} % used by others")
    bench.records["python_worker"] = rounds
    rows = []
    for kind in kinds:
        worker = median_of(rounds, kind, "cpu_ms", "worker")
        rest = "  ".join(f"{name} {median_of(rounds, kind, 'cpu_ms', name):.3f}" for name in ("coordinator", "driver", "postgres"))
        rows += [
            Row(f"{kind}: one-activity workflows/s", f"{median_of(rounds, kind, 'workflows_per_s'):,.0f}"),
            Row(f"{kind}: its CPU-ms a workflow", f"{worker:.3f}", rest, "", f"<= {CPU_GOAL_MS}", worker <= CPU_GOAL_MS),
        ]
    return rows
