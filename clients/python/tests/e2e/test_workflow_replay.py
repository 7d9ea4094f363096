"""Functions that are called again, against the real coordinator."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest
from support import serving, until

from kagzi import Client, Context, RunStatus, activity, workflow


@pytest.mark.parametrize("cached", [0, 1_000])
async def test_a_run_goes_on_with_and_without_its_function_in_memory(client: Client, queue: str, cached: int) -> None:
    calls = []

    @activity(queue[:40] + "-next")
    async def following(n: int) -> int:
        return n + 1

    @workflow(queue[:40])
    async def counts(ctx: Context, until: int) -> int:
        calls.append(1)
        number = 0
        for _ in range(until):
            number = await ctx.activity(following, number)
        return number

    async with serving(client, queue, counts, following, max_cached_workflows=cached):
        assert await client.execute(counts, 10, task_queue=queue, timeout=20) == 10
    assert len(calls) == (1 if cached else 11)


async def test_a_long_history_is_replayed_in_pages(client: Client, queue: str) -> None:
    calls = []

    @workflow(queue)
    async def long(ctx: Context) -> int:
        total = 0
        for n in range(1_500):
            total += await ctx.step("add", lambda n=n: calls.append(n) or n)
            if n % 500 == 499:
                await ctx.sleep("pause", 0.01)
        return total

    async with serving(client, queue, long, max_cached_workflows=0):
        assert await client.execute(long, task_queue=queue, timeout=60) == sum(range(1_500))
    assert len(calls) == 1_500


async def test_a_lost_step_name_parks_the_run(client: Client, queue: str) -> None:
    names = ["old"]

    @workflow(queue)
    async def changes(ctx: Context) -> str:
        await ctx.step(names[0], lambda: 1)
        await ctx.sleep("pause", 0.3)
        return "done"

    async with serving(client, queue, changes, max_cached_workflows=0):
        handle = await client.start(changes, task_queue=queue)
        await until(RunStatus.SLEEPING, handle)
        names[0] = "new"
        while (run := await handle.describe()).status is not RunStatus.PAUSED:
            await asyncio.sleep(0.05)
        assert "'old'" in run.status_reason
        await handle.terminate()


async def test_time_and_chance_replay_the_same(client: Client, queue: str) -> None:
    seen = []

    @workflow(queue)
    async def chance(ctx: Context) -> float:
        seen.append((ctx.now(), ctx.random().random()))
        await ctx.sleep("pause", 0.05)
        return seen[-1][1]

    async with serving(client, queue, chance, max_cached_workflows=0):
        await client.execute(chance, task_queue=queue, timeout=10)
    assert len(seen) == 2 and seen[0] == seen[1]
    assert abs(seen[0][0] - datetime.now(timezone.utc)) < timedelta(minutes=1)
