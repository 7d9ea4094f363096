"""pgqueuer, a job queue: `install URL`, `worker URL` or `driver URL`."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from conversation import ready, serve
from jobs import JobDriver
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

JOB = "nothing"
BATCH = 100
CONNECTIONS = 8


class PgQueuerJobs(JobDriver):
    """Jobs are enqueued over connections of their own: the library's driver for a pool takes one query at a time."""

    package = "pgqueuer"
    starts_at_once = CONNECTIONS

    def __init__(self, url: str):
        super().__init__()
        self.url = url

    async def open(self) -> None:
        self.looks = await asyncpg.connect(self.url)
        self.connections = [await asyncpg.connect(self.url) for _ in range(CONNECTIONS)]
        self.free: asyncio.Queue[Queries] = asyncio.Queue()
        for connection in self.connections:
            self.free.put_nowait(Queries(AsyncpgDriver(connection)))

    async def enqueue(self, due: int | None) -> int:
        after = None if due is None else timedelta(milliseconds=due - time.time() * 1000)
        queries = await self.free.get()
        try:
            return int((await queries.enqueue(JOB, None, execute_after=after))[0])
        finally:
            self.free.put_nowait(queries)

    async def finished(self, jobs: Sequence[int]) -> list[int]:
        """A job that is done leaves the queue."""
        rows = await self.looks.fetch(
            "SELECT job FROM unnest($1::int[]) AS job WHERE NOT EXISTS (SELECT FROM pgqueuer WHERE id = job)", jobs)
        return [int(row["job"]) for row in rows]

    async def succeeded(self, jobs: Sequence[int]) -> int:
        """What became of a job is in the log."""
        return int(await self.looks.fetchval(
            "SELECT count(DISTINCT job_id) FROM pgqueuer_log WHERE job_id = ANY($1::bigint[]) AND status = 'successful'", jobs))

    async def is_any_left(self) -> bool:
        return bool(await self.looks.fetchval("SELECT EXISTS (SELECT FROM pgqueuer)"))

    async def close(self) -> None:
        for connection in [*self.connections, self.looks]:
            await connection.close()


async def install(url: str) -> None:
    connection = await asyncpg.connect(url)
    await Queries(AsyncpgDriver(connection)).install()
    await connection.close()


async def work(url: str) -> None:
    queuer = PgQueuer(AsyncpgDriver(await asyncpg.connect(url)))

    @queuer.entrypoint(JOB)
    async def nothing(_: Any) -> None:
        pass

    ready("pgqueuer")
    await queuer.run(batch_size=BATCH)


if __name__ == "__main__":
    role, url = sys.argv[1:]
    if role == "driver":
        asyncio.run(serve(PgQueuerJobs(url)))
    else:
        asyncio.run(work(url) if role == "worker" else install(url))
