"""pgqueuer, a job queue: `install URL`, `worker URL` or `driver URL`. A workflow is one job; there are no steps to join."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import timedelta
from typing import Any

import asyncpg
from conversation import SLEEPER, Driver, ready, serve
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.queries import Queries

JOB = "nothing"
BATCH = 100
CONNECTIONS = 8


class PgQueuerJobs(Driver):
    package = "pgqueuer"
    starts_at_once = CONNECTIONS

    def __init__(self, url: str):
        self.url = url

    async def open(self) -> None:
        self.pool = await asyncpg.create_pool(self.url, min_size=CONNECTIONS, max_size=CONNECTIONS)
        self.queries = Queries(AsyncpgPoolDriver(self.pool))

    async def start(self, kind: str, argument: int) -> Any:
        after = timedelta(milliseconds=argument - time.time() * 1000) if kind == SLEEPER else None
        return argument, (await self.queries.enqueue(JOB, None, execute_after=after))[0]

    async def result(self, handle: Any) -> int:
        return (await self._wait([handle], 0.001))[0]

    async def results(self, handles: Any) -> list[int]:
        return await self._wait(list(handles), 0.02)

    async def _wait(self, handles: list[Any], pause: float) -> list[int]:
        """Jobs have no results: a job that is done leaves the queue and is logged."""
        jobs = [int(job) for _, job in handles]
        while await self.pool.fetchval("SELECT EXISTS (SELECT FROM pgqueuer WHERE id = ANY($1::int[]))", jobs):
            await asyncio.sleep(pause)
        done = await self.pool.fetchval(
            "SELECT count(*) FROM pgqueuer_log WHERE job_id = ANY($1::bigint[]) AND status = 'successful'", jobs)
        if done != len(jobs):
            raise RuntimeError(f"{done} of {len(jobs)} jobs were successful")
        return [argument for argument, _ in handles]

    async def close(self) -> None:
        await self.pool.close()


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
