"""Absurd: `worker URL` or `driver URL`."""

from __future__ import annotations

import asyncio
import itertools
import sys
from typing import Any

from absurd_sdk import AsyncAbsurd
from conversation import FAN_OUT, ONE, SEQUENCE, SLEEPER, Driver, ready, serve

QUEUE = "bench"
CHILDREN = "children"  # a task may not wait for one of its own queue
CONCURRENCY = 32
POLL = 0.01
CONNECTIONS = 8


async def nothing() -> int:
    return 1


def register(parents: AsyncAbsurd, children: AsyncAbsurd) -> None:
    @parents.register_task(name=ONE)
    async def one(_: Any, ctx: Any) -> int:
        return int(await ctx.step("step", nothing))

    @parents.register_task(name=SEQUENCE)
    async def sequence(count: Any, ctx: Any) -> int:
        return sum([await ctx.step("step", nothing) for _ in range(count)])

    @parents.register_task(name=FAN_OUT)
    async def fan_out(count: Any, ctx: Any) -> int:
        async def spawn() -> list[str]:
            return [str((await parents.spawn("member", 1, queue=CHILDREN))["task_id"]) for _ in range(count)]

        members = await ctx.step("spawn", spawn)
        return sum([(await ctx.await_task_result(member, queue_name=CHILDREN)).result for member in members])

    @parents.register_task(name=SLEEPER)
    async def sleeper(due: Any, ctx: Any) -> int:
        await ctx.sleep_until("the-instant", due / 1000)
        return int(due)

    @children.register_task(name="member")
    async def member(_: Any, ctx: Any) -> int:
        return int(await ctx.step("step", nothing))


class Absurd(Driver):
    """Each start and each wait uses one of a few connections: the SDK's client has one."""

    package = "absurd-sdk"
    starts_at_once = CONNECTIONS

    def __init__(self, url: str):
        self.clients = [AsyncAbsurd(url, queue_name=QUEUE) for _ in range(CONNECTIONS)]
        self.turn = itertools.cycle(range(CONNECTIONS))

    async def start(self, kind: str, argument: int) -> Any:
        client = self.clients[next(self.turn)]
        return client, (await client.spawn(kind, argument, queue=QUEUE))["task_id"]

    async def result(self, handle: Any) -> int:
        client, task = handle
        snapshot = await client.await_task_result(task)
        if snapshot.state != "completed":
            raise RuntimeError(f"a task ended as {snapshot.state}: {snapshot.failure}")
        return int(snapshot.result)

    async def results(self, handles: Any) -> list[int]:
        """One after the other on each connection, so that a wait mostly finds its task done already."""
        mine: dict[int, list[Any]] = {}
        for handle in handles:
            mine.setdefault(id(handle[0]), []).append(handle)

        async def wait(some: list[Any]) -> list[int]:
            return [await self.result(handle) for handle in some]

        return sum(await asyncio.gather(*map(wait, mine.values())), [])

    async def close(self) -> None:
        for client in self.clients:
            await client.close()


async def work(url: str) -> None:
    parents, children = (AsyncAbsurd(url, queue_name=name) for name in (QUEUE, CHILDREN))
    register(parents, children)
    options: dict[str, Any] = {"concurrency": CONCURRENCY, "poll_interval": POLL}
    ready("absurd-sdk")
    await asyncio.gather(parents.start_worker(**options), children.start_worker(**options))


if __name__ == "__main__":
    role, url = sys.argv[1:]
    asyncio.run(work(url) if role == "worker" else serve(Absurd(url)))
