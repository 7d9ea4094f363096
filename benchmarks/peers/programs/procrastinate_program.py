"""procrastinate, a job queue: `install URL`, `worker URL` or `driver URL`. A workflow is one job; there are no steps to join."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import Any

import procrastinate
from conversation import SLEEPER, Driver, ready, serve

QUEUE = "bench"
CONNECTIONS = 8
CONCURRENCY = 32
POLL = 0.2  # jobs that fall due are polled for; new ones are announced


def application(url: str) -> procrastinate.App:
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=url, min_size=CONNECTIONS, max_size=CONNECTIONS))

    @app.task(name="nothing", queue=QUEUE)
    async def nothing() -> int:
        return 1

    return app


class Procrastinate(Driver):
    package = "procrastinate"
    starts_at_once = CONNECTIONS

    def __init__(self, url: str):
        self.app = application(url)

    async def open(self) -> None:
        await self.app.open_async()

    async def start(self, kind: str, argument: int) -> Any:
        options = {"schedule_at": datetime.fromtimestamp(argument / 1000, timezone.utc)} if kind == SLEEPER else {}
        return argument, await self.app.configure_task("nothing", queue=QUEUE, **options).defer_async()

    async def result(self, handle: Any) -> int:
        return (await self._wait([handle], 0.001))[0]

    async def results(self, handles: Any) -> list[int]:
        return await self._wait(list(handles), 0.02)

    async def _wait(self, handles: list[Any], pause: float) -> list[int]:
        """Jobs have no results, but a status."""
        jobs = [job for _, job in handles]
        left = ("SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE id = ANY(%(jobs)s) AND status IN ('todo', 'doing')) AS any,"
                " (SELECT count(*) FROM procrastinate_jobs WHERE id = ANY(%(jobs)s) AND status = 'succeeded') AS done")
        while (row := await self.app.connector.execute_query_one_async(left, jobs=jobs))["any"]:
            await asyncio.sleep(pause)
        if row["done"] != len(jobs):
            raise RuntimeError(f"{row['done']} of {len(jobs)} jobs succeeded")
        return [argument for argument, _ in handles]

    async def close(self) -> None:
        await self.app.close_async()


async def install(url: str) -> None:
    async with application(url).open_async() as app:
        await app.schema_manager.apply_schema_async()


async def work(url: str) -> None:
    async with application(url).open_async() as app:
        ready("procrastinate")
        await app.run_worker_async(queues=[QUEUE], concurrency=CONCURRENCY, fetch_job_polling_interval=POLL)


if __name__ == "__main__":
    role, url = sys.argv[1:]
    if role == "driver":
        asyncio.run(serve(Procrastinate(url)))
    else:
        asyncio.run(work(url) if role == "worker" else install(url))
