"""Temporal: `worker ADDRESS` or `driver ADDRESS`."""

from __future__ import annotations

import asyncio
import sys
import uuid
from typing import Any

from conversation import Driver, ready, serve
from temporal_workflows import WORKFLOWS, nothing
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "bench"


class Temporal(Driver):
    package = "temporalio"
    open_at_once = 1_000

    def __init__(self, address: str):
        self.address = address

    async def open(self) -> None:
        self.client = await Client.connect(self.address)

    async def start(self, kind: str, argument: int) -> Any:
        return await self.client.start_workflow(kind, argument, id=f"{kind}-{uuid.uuid4()}", task_queue=QUEUE, result_type=int)

    async def result(self, handle: Any) -> int:
        return int(await handle.result())


async def work(address: str) -> None:
    worker = Worker(await Client.connect(address), task_queue=QUEUE, workflows=WORKFLOWS, activities=[nothing],
                    max_cached_workflows=2_000, max_concurrent_workflow_tasks=200, max_concurrent_activities=1_000,
                    max_concurrent_workflow_task_polls=10, max_concurrent_activity_task_polls=10)
    async with worker:
        ready("temporalio")
        await asyncio.Event().wait()


if __name__ == "__main__":
    role, address = sys.argv[1:]
    asyncio.run(work(address) if role == "worker" else serve(Temporal(address)))
