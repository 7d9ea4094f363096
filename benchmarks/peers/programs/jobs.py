"""Drivers of job queues. A workflow is one job there; a job has no result to wait for, so the queue is asked whether it is done."""

from __future__ import annotations

import abc
import asyncio
from collections.abc import Sequence
from typing import Any

from conversation import SLEEPER, Driver

PAUSE = 0.001
"""Between two looks while somebody waits for single jobs: one look for all of them."""
PAUSE_OF_MANY = 0.02
"""Between two looks whether anything is left."""


class JobDriver(Driver):
    """What `enqueue` gives names the job."""

    def __init__(self) -> None:
        self.awaited: list[int] = []
        self.waiting: dict[int, asyncio.Future[None]] = {}
        self.looking: asyncio.Task[None] | None = None

    @abc.abstractmethod
    async def enqueue(self, due: int | None) -> int:
        """Now, or due at an instant in milliseconds since 1970."""

    @abc.abstractmethod
    async def finished(self, jobs: Sequence[int]) -> list[int]:
        """Those of the jobs that are done, well or not; asked often, so an index must answer it."""

    @abc.abstractmethod
    async def succeeded(self, jobs: Sequence[int]) -> int:
        """How many of the jobs were done well; asked once, afterwards."""

    @abc.abstractmethod
    async def is_any_left(self) -> bool:
        """Whether any job of the queue is not done."""

    async def start(self, kind: str, argument: int) -> Any:
        return argument, await self.enqueue(argument if kind == SLEEPER else None)

    async def result(self, handle: Any) -> int:
        argument, job = handle
        self.awaited.append(job)
        self.waiting[job] = done = asyncio.get_running_loop().create_future()
        if self.looking is None or self.looking.done():
            self.looking = asyncio.create_task(self._look())
        await done
        return int(argument)

    async def _look(self) -> None:
        try:
            while self.waiting:
                for job in await self.finished(list(self.waiting)):
                    self.waiting.pop(job).set_result(None)
                await asyncio.sleep(PAUSE)
        except Exception as error:  # whoever waits must hear of it
            for done in self.waiting.values():
                done.set_exception(error)
            self.waiting.clear()

    async def results(self, handles: Sequence[Any]) -> list[int]:
        while await self.is_any_left():
            await asyncio.sleep(PAUSE_OF_MANY)
        await self._verify([job for _, job in handles])
        return [int(argument) for argument, _ in handles]

    async def latency(self, count: int) -> dict[str, Any]:
        figures = await super().latency(count)
        await self._verify(self.awaited)
        return figures

    async def paced(self, rate: float, seconds: float) -> dict[str, Any]:
        figures = await super().paced(rate, seconds)
        await self._verify(self.awaited)
        return figures

    async def _verify(self, jobs: list[int]) -> None:
        if (done := await self.succeeded(jobs)) != len(jobs):
            raise RuntimeError(f"{done} of {len(jobs)} jobs succeeded")
