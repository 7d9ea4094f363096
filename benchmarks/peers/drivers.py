"""What the harness asks of a driver, whatever language it is written in."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from harness.bench import Bench
from harness.processes import Child, run

PATIENCE = 300.0
"""How long a workload may take that has no bound of its own, in seconds."""


class TookTooLong(RuntimeError):
    """The driver was stopped because its patience had ended; it cannot be used any more."""


class Driver(Protocol):
    """Each method gives the figures of its workload: `seconds`, or latencies such as `p50_ms`."""

    patience: float

    def many(self, kind: str, argument: int, count: int) -> dict[str, Any]: ...
    def latency(self, count: int) -> dict[str, Any]: ...
    def paced(self, rate: float, seconds: float) -> dict[str, Any]: ...
    def sleepers(self, count: int, lead: float) -> dict[str, Any]: ...


class Conversation(Child):
    """A driver in a process of its own that is told what to do, a line of JSON at a time."""

    def __init__(self, command: list[str], log: Path):
        super().__init__(command, log, ready=r"^ready (.*)$", stdin=subprocess.PIPE)
        self.patience = PATIENCE
        self.version = str(json.loads(self.answer)["version"])

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        timer = threading.Timer(self.patience, self.process.kill)
        timer.start()
        begin = time.monotonic()
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            if time.monotonic() - begin >= self.patience:
                raise TookTooLong(f"not done after {self.patience:.0f} s")
            raise RuntimeError(f"the driver ended: {self.last_words}; see {self.log.name}")
        answer = dict(json.loads(line))
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def many(self, kind: str, argument: int, count: int) -> dict[str, Any]:
        return self.ask("many", kind=kind, argument=argument, count=count)

    def latency(self, count: int) -> dict[str, Any]:
        return self.ask("latency", count=count)

    def paced(self, rate: float, seconds: float) -> dict[str, Any]:
        return self.ask("paced", rate=rate, seconds=seconds)

    def sleepers(self, count: int, lead: float) -> dict[str, Any]:
        return self.ask("sleepers", count=count, lead=lead)


class SwiftDriver:
    """Our driver in Swift: a process a workload."""

    NAMES = {"one": "bench-one", "sequence": "bench-sequence", "fan-out": "bench-fan-out"}

    def __init__(self, bench: Bench, address: str, database: str):
        self.bench, self.address, self.database = bench, address, database
        self.patience = PATIENCE

    def _run(self, command: str, **options: object) -> dict[str, Any]:
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        try:
            return dict(json.loads(run([self.bench.tool, command, self.address, *words], timeout=self.patience)))
        except subprocess.TimeoutExpired:
            raise TookTooLong(f"not done after {self.patience:.0f} s") from None

    def many(self, kind: str, argument: int, count: int) -> dict[str, Any]:
        return self._run("throughput", workflow=self.NAMES[kind], input=argument, count=count, in_flight=1_000)

    def latency(self, count: int) -> dict[str, Any]:
        return self._run("latency", count=count)

    def paced(self, rate: float, seconds: float) -> dict[str, Any]:
        return self._run("paced", rate=round(rate), seconds=round(seconds))

    def sleepers(self, count: int, lead: float) -> dict[str, Any]:
        """Asks the database when all are awake and closed: nobody has to wait for each one."""
        due = time.time() + lead
        self._run("sleepers", count=count, due_at=int(due * 1000))
        if time.time() > due - 1:
            raise RuntimeError("the sleepers were not all started a second before they were due")
        time.sleep(due - time.time())
        left = "SELECT count(*) FROM kagzi.open_runs WHERE workflow_type = 'bench-sleeping'"
        while int(self.bench.cluster.psql(left, self.database)):
            if time.time() > due + PATIENCE:
                raise RuntimeError("the sleepers were not worked off")
            time.sleep(0.02)
        return {"seconds": time.time() - due}
