"""What the tests against the real coordinator share."""

from __future__ import annotations

import asyncio
from typing import Any

from kagzi import Client, Handle, RunStatus, Worker


def serving(client: Client, queue: str, *definitions: Any, **options: Any) -> Worker:
    """A worker of the test's own queue."""
    workflows = [each for each in definitions if type(each).__name__ == "Workflow"]
    activities = [each for each in definitions if type(each).__name__ == "Activity"]
    return Worker(client, workflows=workflows, activities=activities, task_queues=[queue], **options)


async def until(status: RunStatus | set[RunStatus], handle: Handle[Any], timeout: float = 10) -> None:
    """Wait, by watching, until the run has a status."""
    wanted = status if isinstance(status, set) else {status}

    async def watch() -> None:
        async for change in handle.watch():
            if change.run is not None and change.run.status in wanted:
                return

    await asyncio.wait_for(watch(), timeout)
