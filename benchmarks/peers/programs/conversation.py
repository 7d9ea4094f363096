"""What every peer's program shares: it is a worker, or a driver that does what it is told, a line of JSON at a time.

A program runs in the environment of its peer and imports nothing of the harness. It prints `ready {"version": …}` first.
"""

from __future__ import annotations

import abc
import asyncio
import json
import math
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from importlib.metadata import version
from typing import Any

SEQUENCE = "sequence"  # as many activities as the argument says, one after the other
FAN_OUT = "fan-out"  # as many at once, joined
ONE = "one"  # one activity; the argument is 1
SLEEPER = "sleeper"  # sleeps until the argument, in milliseconds since 1970


def ready(package: str) -> None:
    print("ready " + json.dumps({"version": version(package)}), flush=True)


class Driver(abc.ABC):
    """Starts workflows of a kind and awaits them. Every workflow gives its argument back, or the run is void."""

    package = ""
    """The package whose version is told."""
    open_at_once: int | None = None
    """How many workflows are open at most; without a limit all are started first and awaited then."""
    starts_at_once = 64
    """How many starts are under way at the same time where there is no limit."""

    async def open(self) -> None:
        """Connects. Not measured."""

    async def close(self) -> None:
        """Leaves."""

    @abc.abstractmethod
    async def start(self, kind: str, argument: int) -> Any:
        """Starts one workflow; gives what `result` needs."""

    @abc.abstractmethod
    async def result(self, handle: Any) -> int:
        """Waits for one workflow."""

    async def results(self, handles: Sequence[Any]) -> list[int]:
        """Waits for all of them."""
        return list(await asyncio.gather(*(self.result(handle) for handle in handles)))

    async def execute(self, kind: str, argument: int) -> int:
        return await self.result(await self.start(kind, argument))

    async def many(self, kind: str, argument: int, count: int) -> dict[str, Any]:
        begin = time.perf_counter()
        if self.open_at_once is None:
            handles = await pooled((lambda: self.start(kind, argument) for _ in range(count)), self.starts_at_once)
            results = await self.results(handles)
        else:
            results = await pooled((lambda: self.execute(kind, argument) for _ in range(count)), self.open_at_once)
        seconds = time.perf_counter() - begin
        self.check(results, argument)
        return {"seconds": seconds}

    async def latency(self, count: int) -> dict[str, Any]:
        """One one-activity workflow after another."""
        samples = []
        for _ in range(count):
            begin = time.perf_counter()
            self.check([await self.execute(ONE, 1)], 1)
            samples.append(time.perf_counter() - begin)
        return percentiles(samples)

    async def paced(self, rate: float, seconds: float) -> dict[str, Any]:
        """Starts at even intervals, whether earlier ones are done or not; a latency counts from when its start was due."""
        samples: list[float] = []
        begin = time.perf_counter()

        async def one(due: float) -> None:
            self.check([await self.execute(ONE, 1)], 1)
            samples.append(time.perf_counter() - due)

        running = []
        for number in range(max(1, round(rate * seconds))):
            due = begin + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            running.append(asyncio.create_task(one(due)))
        await asyncio.gather(*running)
        return percentiles(samples)

    async def sleepers(self, count: int, lead: float) -> dict[str, Any]:
        """Workflows that all sleep until one instant `lead` seconds from now: the time from that instant to the last result."""
        due = math.ceil((time.time() + lead) * 1000)
        handles = await pooled((lambda: self.start(SLEEPER, due) for _ in range(count)), self.starts_at_once)
        if time.time() * 1000 > due - 1000:
            raise RuntimeError("the sleepers were not all started a second before they were due")
        await asyncio.sleep(due / 1000 - time.time())
        results = await self.results(handles)
        seconds = time.time() - due / 1000
        self.check(results, due)
        return {"seconds": seconds}

    @staticmethod
    def check(results: Iterable[int], wanted: int) -> None:
        if wrong := [result for result in results if result != wanted]:
            raise RuntimeError(f"{len(wrong)} workflows gave something else, such as {wrong[0]!r} instead of {wanted}")


async def pooled(jobs: Iterable[Callable[[], Awaitable[Any]]], at_once: int) -> list[Any]:
    """Runs the jobs, `at_once` at a time, and gives their results in order."""
    numbered = enumerate(jobs)
    results: dict[int, Any] = {}

    async def loop() -> None:
        for number, job in numbered:
            results[number] = await job()

    await asyncio.gather(*(loop() for _ in range(at_once)))
    return [results[number] for number in sorted(results)]


def percentiles(seconds: list[float]) -> dict[str, Any]:
    """In milliseconds, by the nearest rank."""
    ordered = sorted(seconds)

    def rank(percent: int) -> float:
        return 1000 * ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)]

    return {"count": len(ordered), "p50_ms": rank(50), "p90_ms": rank(90), "p99_ms": rank(99), "max_ms": 1000 * ordered[-1],
            "mean_ms": 1000 * sum(ordered) / len(ordered)}


async def serve(driver: Driver) -> None:
    """Does what standard input says until it ends: {"do": "many", …} is answered by what the method of that name gives."""
    loop = asyncio.get_running_loop()
    await driver.open()
    ready(driver.package)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        try:
            answer = await getattr(driver, command.pop("do"))(**command)
        except Exception as error:  # whatever it is, it is told to the harness, by name, and is not the end of the run
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    await driver.close()
