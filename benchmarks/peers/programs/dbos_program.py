"""DBOS: `install URL`, `worker URL NAME` or `driver URL`."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from conversation import Driver, ready, serve
from dbos import DBOS, DBOSClient

QUEUE = "bench"
APPLICATION = "bench"
VERSION = "1"
QUEUE_POLL = 0.05
RESULT_POLL = 0.01
THREADS = 32
CLIENT_THREADS = 16


@DBOS.step()
def nothing() -> int:
    return 1


@DBOS.workflow(name="one")
def one(_: int) -> int:
    return nothing()


@DBOS.workflow(name="sequence")
def sequence(count: int) -> int:
    return sum(nothing() for _ in range(count))


@DBOS.workflow(name="member")
def member() -> int:
    return nothing()


@DBOS.workflow(name="fan-out")
def fan_out(count: int) -> int:
    handles = [DBOS.enqueue_workflow(QUEUE, member) for _ in range(count)]
    return sum(handle.get_result(polling_interval_sec=RESULT_POLL) for handle in handles)


@DBOS.workflow(name="sleeper")
async def sleeper(due: int) -> int:
    await DBOS.sleep_async(max(0.0, due / 1000 - time.time()))
    return due


class Dbos(Driver):
    package = "dbos"
    starts_at_once = CLIENT_THREADS

    def __init__(self, url: str):
        self.url = url

    async def open(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64))
        self.client = DBOSClient(system_database_url=self.url, application_name=APPLICATION, system_database_pool_size=CLIENT_THREADS)

    async def start(self, kind: str, argument: int) -> Any:
        options: Any = {"workflow_name": kind, "queue_name": QUEUE, "app_version": VERSION}
        return await asyncio.to_thread(self.client.enqueue, options, argument)

    async def result(self, handle: Any) -> int:
        return int(await asyncio.to_thread(handle.get_result, polling_interval_sec=RESULT_POLL))

    async def results(self, handles: Any) -> list[int]:
        """One after the other: the last ones are done when they are asked for, and polling disturbs nobody."""
        return [await self.result(handle) for handle in handles]

    async def close(self) -> None:
        self.client.destroy()


def work(url: str, name: str) -> None:
    DBOS(config={"name": APPLICATION, "system_database_url": url, "application_version": VERSION, "executor_id": name,
                 "log_level": "ERROR", "sys_db_pool_size": 20, "max_executor_threads": THREADS})
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=200, polling_interval_sec=QUEUE_POLL)
    ready("dbos")
    threading.Event().wait()


if __name__ == "__main__":
    role, url, *rest = sys.argv[1:]
    if role == "worker":
        work(url, rest[0])
    elif role == "driver":
        asyncio.run(serve(Dbos(url)))
        sys.stdout.flush()
        os._exit(0)
    else:
        DBOS.migrate(url)
