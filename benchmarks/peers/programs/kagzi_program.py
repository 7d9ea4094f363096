"""Kagzi with its Python SDK: `worker ADDRESS` or `driver ADDRESS`. The names are those of the Swift worker's workflows."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import Any

from conversation import FAN_OUT, ONE, SEQUENCE, SLEEPER, Driver, ready, serve
from kagzi import Client, Context, Member, Worker, activity, workflow

SLOTS = 2_000
NAMES = {ONE: "bench-one", SEQUENCE: "bench-sequence", FAN_OUT: "bench-fan-out", SLEEPER: "bench-sleeping"}


@activity("bench-nothing")
async def nothing(value: int) -> int:
    return value


@workflow(NAMES[ONE])
async def one(ctx: Context, value: int) -> int:
    return await ctx.activity(nothing, value)


@workflow(NAMES[SEQUENCE])
async def sequence(ctx: Context, count: int) -> int:
    return sum([await ctx.activity(nothing, 1) for _ in range(count)])


@workflow(NAMES[FAN_OUT])
async def fan_out(ctx: Context, count: int) -> int:
    return sum(await ctx.parallel_vec("members", [(str(number), Member.activity(nothing, 1)) for number in range(count)]))


@workflow(NAMES[SLEEPER])
async def sleeper(ctx: Context, due: int) -> int:
    await ctx.sleep_until("the-instant", datetime.fromtimestamp(due / 1000, timezone.utc))
    return due


class Kagzi(Driver):
    package = "kagzi"
    open_at_once = 1_000

    def __init__(self, address: str):
        self.client = Client(address)

    async def start(self, kind: str, argument: int) -> Any:
        return await self.client.start(NAMES[kind], argument)

    async def result(self, handle: Any) -> int:
        return int(await handle.result())

    async def close(self) -> None:
        await self.client.close()


async def drive(address: str) -> None:
    await serve(Kagzi(address))


async def work(address: str) -> None:
    worker = Worker(address, workflows=[one, sequence, fan_out, sleeper], activities=[nothing], max_concurrent_workflows=SLOTS,
                    max_concurrent_activities=SLOTS, max_cached_workflows=4 * SLOTS)
    async with worker:
        ready("kagzi")
        await asyncio.Event().wait()


if __name__ == "__main__":
    role, address = sys.argv[1:]
    asyncio.run(work(address) if role == "worker" else drive(address))
