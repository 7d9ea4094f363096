"""Kagzi: one coordinator, with workers and drivers in Swift and in Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

from harness.bench import Bench
from harness.processes import Child, run

from peers import environment
from peers.drivers import Conversation, Driver, SwiftDriver
from peers.system import PROGRAMS, Running, Size, System


class Kagzi(System):
    """A Swift worker, a Swift driver."""

    name = "kagzi"
    title = "Kagzi"
    is_ours = True
    python_workers: ClassVar[int] = 0
    has_python_driver: ClassVar[bool] = False
    sizes = {
        "W1": Size(40_000), "W2": Size(5_000), "W3": Size(50), "W3x": Size(4), "W4": Size(800), "W4h": Size(4), "W5": Size(20_000),
        "W0": Size(5),
    }

    def prepare(self) -> Path:
        return environment.own()

    def start(self, bench: Bench, programs: Path) -> Iterator[Running]:
        database = "bench_" + self.name.replace("-", "_")
        url = bench.cluster.make_database(database)
        program = [str(programs / "python"), "-B", str(PROGRAMS / "kagzi_program.py")]
        room: dict[str, float] = {}
        with ExitStack() as children:
            server = children.enter_context(bench.server(url))
            groups = {"server": [server.pid], "postgres": [bench.cluster.pid]}
            if self.python_workers:
                workers = [children.enter_context(Child([*program, "worker", server.answer], bench.log, ready=r"^ready (.*)$"))
                           for _ in range(self.python_workers)]
                room["worker"] = self.python_workers
            else:
                workers = [children.enter_context(bench.worker(server.answer))]
            groups["worker"] = [worker.pid for worker in workers]
            driver: Driver = SwiftDriver(bench, server.answer, database)
            if self.has_python_driver:
                driver = talk = children.enter_context(Conversation([*program, "driver", server.answer], bench.log))
                groups["driver"] = [talk.pid]
                room["driver"] = 1
            yield Running(driver, groups, database, room, run([bench.kagzi, "--version"]).strip())


class KagziPythonWorker(Kagzi):
    """Python workers, as many as the peers have; a Swift driver."""

    name = "kagzi-python-worker"
    title = "Kagzi, Python worker"
    python_workers = 2
    sizes = {
        "W1": Size(7_000), "W2": Size(1_200), "W3": Size(4), "W3x": Size(1), "W4": Size(400), "W4h": Size(4), "W5": Size(4_000),
        "W0": Size(5),
    }


class KagziPython(KagziPythonWorker):
    """Everything but the coordinator in Python, like the peers."""

    name = "kagzi-python"
    title = "Kagzi, Python worker and driver"
    has_python_driver = True
    sizes = {
        "W1": Size(5_000), "W2": Size(1_000), "W3": Size(4), "W3x": Size(1), "W4": Size(400), "W4h": Size(4), "W5": Size(3_000),
        "W0": Size(5),
    }
