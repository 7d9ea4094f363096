"""kill -9 of the coordinator, of a worker, of Postgres under load: when work in flight goes on, when all of it is done.

What is killed is started again at once, as its supervisor would; the worker's place is taken by one that was there before. The
driver repeats calls that fail as unavailable, under the same request id. Afterwards every workflow that was ever acknowledged
must be completed, once.
"""

from __future__ import annotations

import json
import signal
import socket
import time
from typing import Any

from harness.bench import Bench
from harness.processes import Child
from harness.statistics import shown, spread_of
from harness.table import Row

DATABASE = "bench_recovery"
IN_FLIGHT = 500
LEASE = 5


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Scene:
    """A coordinator with two workers, each of which can be killed."""

    def __init__(self, bench: Bench, url: str):
        self.bench, self.url = bench, url
        self.address = f"127.0.0.1:{free_port()}"
        self.coordinator = self._coordinator()
        options = ("--lease-secs", str(LEASE))
        self.workers = [bench.worker(self.address, *options) for _ in range(2)]
        self.dead: list[Child] = []

    def _coordinator(self) -> Child:
        return self.bench.server(self.url, listen=self.address)

    def kill(self, who: str) -> None:
        if who == "Postgres":
            self.bench.cluster.kill()
        elif who == "worker":
            self._kill(self.workers[0])
        else:
            self._kill(self.coordinator)
            self.coordinator = self._coordinator()

    def _kill(self, child: Child) -> None:
        child.process.send_signal(signal.SIGKILL)
        self.dead.append(child)

    def close(self) -> None:
        for child in (*self.workers, self.coordinator, *self.dead):
            child.stop()


def one(bench: Bench, who: str) -> dict[str, Any]:
    cluster = bench.cluster
    url = cluster.make_database(DATABASE)
    seconds = bench.size(8, 4)
    scene = Scene(bench, url)
    try:
        command = [bench.tool, "steadfast", scene.address, "--seconds", str(seconds), "--in-flight", str(IN_FLIGHT)]
        with Child(command, bench.log, ready=r"^(ready)") as load:
            time.sleep(seconds / 4)
            killed = time.time() * 1000
            scene.kill(who)
            assert load.process.stdout
            output = load.process.stdout.read()
            if load.process.wait():
                raise RuntimeError(f"recovery from the death of the {who}: the driver gave up; see {bench.log}")
        result = figures(json.loads(output), killed)
        stored = cluster.psql("SELECT count(*) FILTER (WHERE status = 6), count(*) FROM kagzi.runs", DATABASE)
        left = int(cluster.psql("SELECT count(*) FROM kagzi.open_runs", DATABASE))
        completed, all_of_them = map(int, stored.split("|"))
        if not completed == all_of_them == result["workflows"] or left:
            raise RuntimeError(f"after the death of the {who}: {result['workflows']} results, {completed} of {all_of_them} runs "
                               f"completed, {left} open")
        return result
    finally:
        scene.close()


def figures(told: dict[str, Any], killed: float) -> dict[str, Any]:
    """In seconds after the kill: when the longest silence ended, when the last of those in flight was done."""
    runs = told["runs"]
    in_flight = sorted(done for acknowledged, done in runs if acknowledged <= killed < done)
    moments = [killed, *in_flight]
    silences = [(after - before, after) for before, after in zip(moments, moments[1:])]
    _, end = max(silences, default=(0.0, killed))
    return {"workflows": len(runs), "in_flight": len(in_flight), "repeated_calls": told["repeated"],
            "goes_on_s": (end - killed) / 1000, "done_s": (max(in_flight, default=killed) - killed) / 1000}


def measure(bench: Bench) -> list[Row]:
    whom = ("coordinator", "worker", "Postgres")
    rounds: dict[str, list[dict[str, Any]]] = {who: [] for who in whom}
    for number in range(bench.rounds):
        for who in whom:
            rounds[who].append(one(bench, who))
        told = ", ".join(f"{who} {each[-1]['goes_on_s']:.2f} / {each[-1]['done_s']:.2f} s" for who, each in rounds.items())
        bench.progress(f"recovery {number + 1}/{bench.rounds}: goes on / all done after kill -9: {told}")
    bench.records["recovery"] = rounds
    rows = []
    for who, each in rounds.items():
        note = f", its lease being {LEASE} s" if who == "worker" else ""
        rows.append(Row(f"kill -9 of the {who}{note}: work in flight goes on after", shown(spread_of(each, "goes_on_s"), ".2f", " s"),
                        f"all of {shown(spread_of(each, 'in_flight'), ',.0f')} done after {shown(spread_of(each, 'done_s'), '.2f', ' s')}; "
                        "nothing lost, nothing twice"))
    return rows
