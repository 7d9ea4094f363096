"""procrastinate, a job queue: `install URL`, `worker URL` or `driver URL`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime, timezone

import procrastinate
from conversation import ready, serve
from jobs import JobDriver

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


class Procrastinate(JobDriver):
    package = "procrastinate"
    starts_at_once = CONNECTIONS

    def __init__(self, url: str):
        super().__init__()
        self.app = application(url)

    async def open(self) -> None:
        await self.app.open_async()

    async def enqueue(self, due: int | None) -> int:
        options = {} if due is None else {"schedule_at": datetime.fromtimestamp(due / 1000, timezone.utc)}
        return int(await self.app.configure_task("nothing", queue=QUEUE, **options).defer_async())

    async def finished(self, jobs: Sequence[int]) -> list[int]:
        return await self._are(jobs, "status NOT IN ('todo', 'doing')")

    async def succeeded(self, jobs: Sequence[int]) -> int:
        return len(await self._are(jobs, "status = 'succeeded'"))

    async def _are(self, jobs: Sequence[int], condition: str) -> list[int]:
        rows = await self.app.connector.execute_query_all_async(
            f"SELECT id FROM procrastinate_jobs WHERE id = ANY(%(jobs)s) AND {condition}", jobs=list(jobs))
        return [int(row["id"]) for row in rows]

    async def is_any_left(self) -> bool:
        """Two questions, each answered by an index."""
        row = await self.app.connector.execute_query_one_async(
            "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'todo')"
            " OR EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'doing') AS is_left")
        return bool(row["is_left"])

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
