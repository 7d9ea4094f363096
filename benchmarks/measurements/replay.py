"""A run with many recorded steps goes on with a worker that has never seen it: its worker was killed.

Measured from the commit that hands the run out to the commit of its next command, by the database's clock: reading and
sending the record, the worker's replay, the report, its commit.
"""

from __future__ import annotations

import json
import signal

from harness.bench import Bench
from harness.processes import run
from harness.spending import Spending, cost_line
from harness.statistics import shown, spread_of
from harness.table import Row

DATABASE = "bench_replay"
GOAL_MS = 50.0

# In milliseconds since 1970: when the signal was recorded, with which the run is handed out, and when the next command was.
TIMES = """
SELECT extract(epoch FROM woken.settled_at) * 1000, extract(epoch FROM next.scheduled_at) * 1000
  FROM kagzi.steps AS woken JOIN kagzi.steps AS next USING (run_id)
 WHERE run_id = '{run}' AND woken.kind = 5 AND next.kind = 2
"""
PARTS = ("whole", "to_worker", "replay", "to_next")


def measure(bench: Bench) -> list[Row]:
    cluster = bench.cluster
    steps, runs = bench.size(1_000, 100), bench.size(8, 2)
    url = cluster.make_database(DATABASE)
    rounds = []
    with bench.server(url) as server:
        for number in range(bench.rounds):
            with bench.worker(server.answer) as first:
                started = json.loads(run(
                    [bench.tool, "memo-start", server.answer, "--runs", str(runs), "--steps", str(steps)]))["runs"]
                first.process.send_signal(signal.SIGKILL)
                first.process.wait()
            samples = []
            with bench.worker(server.answer) as second:
                with Spending(bench, coordinator=[server.pid], worker=[second.pid]) as spending:
                    for each in started:
                        woken = json.loads(run([bench.tool, "memo-wake", server.answer, "--run", each]))
                        handed, ahead = map(float, cluster.psql(TIMES.format(run=each), DATABASE).split("|"))
                        began, replayed = woken["times_ms"]
                        samples.append({"whole": ahead - handed, "to_worker": began - handed, "replay": replayed - began,
                                        "to_next": ahead - replayed, "signal_to_result": woken["signal_to_result_ms"]})
            # The first of a worker's life pays for code that was never run before.
            first_one, rest = samples[0], samples[1:]
            record = {name: spread_of(rest, name).median for name in rest[0]}
            rounds.append({**record, "first": first_one["whole"], "samples": samples, **spending.per(len(started))})
            bench.progress(f"replay {number + 1}/{bench.rounds}: {record['whole']:.1f} ms to the next command of {steps:,} steps "
                           f"({first_one['whole']:.1f} ms the first); {100 * rounds[-1]['other_share']:.0f} % used by others")
    bench.records["replay"] = rounds
    bench.costs.append(cost_line(f"replay of {steps:,} steps", rounds))
    whole = spread_of(rounds, "whole")
    parts = {name: shown(spread_of(rounds, name), ".1f", " ms") for name in ("to_worker", "replay", "to_next")}
    name = f"cold replay of {steps:,} steps"
    return [
        Row(f"{name}: claim to next command", shown(whole, ".1f", " ms"),
            f"to the function {parts['to_worker']}, replay {parts['replay']}, report and commit {parts['to_next']}", "",
            f"< {GOAL_MS:.0f} ms", whole.median < GOAL_MS),
        Row(f"{name}: the first of a worker's life", shown(spread_of(rounds, "first"), ".1f", " ms")),
        Row(f"{name}: signal to result", shown(spread_of(rounds, "signal_to_result"), ".1f", " ms")),
    ]
