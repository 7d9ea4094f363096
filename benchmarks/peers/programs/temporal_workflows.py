"""Temporal's workflows, in a module of their own: its sandbox imports the module of a workflow again for each one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

from temporalio import activity, workflow

TIMEOUT = timedelta(seconds=120)
AT_ONCE = 500


@activity.defn(name="nothing")
async def nothing() -> int:
    return 1


async def call() -> int:
    return await workflow.execute_activity(nothing, start_to_close_timeout=TIMEOUT)


@workflow.defn(name="one")
class One:
    @workflow.run
    async def run(self, _: int) -> int:
        return await call()


@workflow.defn(name="sequence")
class Sequence:
    @workflow.run
    async def run(self, count: int) -> int:
        return sum([await call() for _ in range(count)])


@workflow.defn(name="fan-out")
class FanOut:
    """A workflow may have no more than 2,000 activities pending, and its history is bounded: many go into children."""

    @workflow.run
    async def run(self, count: int) -> int:
        if count <= AT_ONCE:
            return sum(await asyncio.gather(*(call() for _ in range(count))))
        parts = [min(AT_ONCE, count - begin) for begin in range(0, count, AT_ONCE)]
        return sum(await asyncio.gather(*(workflow.execute_child_workflow(FanOut.run, part) for part in parts)))


@workflow.defn(name="sleeper")
class Sleeper:
    @workflow.run
    async def run(self, due: int) -> int:
        await workflow.sleep(datetime.fromtimestamp(due / 1000, timezone.utc) - workflow.now())
        return due


WORKFLOWS = [One, Sequence, FanOut, Sleeper]
