"""Runs that are cancelled, terminated or out of time, and what watches them, against the real coordinator."""

from __future__ import annotations

import asyncio

import pytest
from support import serving, until

from kagzi import (
    ActivityContext,
    Cancelled,
    Client,
    Context,
    ErrorKind,
    RetryPolicy,
    RunClosed,
    RunStatus,
    StepError,
    WorkflowCancelled,
    WorkflowFailed,
    WorkflowTerminated,
    WorkflowTimedOut,
    activity,
    activity_context,
    workflow,
)


# Cancellation and the other ends


async def test_cancellation_reaches_the_code_and_cleanup_runs(client: Client, queue: str) -> None:
    told = asyncio.Event()
    released = []

    @activity(queue + "-slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told.set()
            raise

    @activity(queue + "-release")
    async def release() -> None:
        released.append(1)

    @workflow(queue)
    async def books(ctx: Context) -> None:
        try:
            await ctx.activity(slow)
        except Cancelled:
            async with ctx.uncancellable():
                await ctx.activity(release)
            raise

    async with serving(client, queue, books, slow, release):
        handle = await client.start(books, task_queue=queue)
        await until(RunStatus.WAITING, handle)
        await asyncio.sleep(0.2)
        await handle.cancel("changed my mind")
        await asyncio.wait_for(told.wait(), 5)
        with pytest.raises(WorkflowCancelled):
            await handle.result(timeout=10)
    assert released == [1]
    assert await handle.status() is RunStatus.CANCELLED


async def test_a_running_local_step_is_cancelled_and_asking_twice_is_asking_once(client: Client, queue: str) -> None:
    started, told, release = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            told.set()
            await release.wait()

    @workflow(queue)
    async def works(ctx: Context) -> None:
        await ctx.step("slow", slow)

    async with serving(client, queue, works):
        handle = await client.start(works, task_queue=queue)
        await asyncio.wait_for(started.wait(), 10)
        await handle.cancel("first")
        await asyncio.wait_for(told.wait(), 10)
        await handle.cancel("second")
        release.set()
        with pytest.raises(WorkflowCancelled, match="first"):
            await handle.result(timeout=10)


async def test_a_sleeping_run_is_cancelled_at_once(client: Client, queue: str) -> None:
    @workflow(queue)
    async def sleeps(ctx: Context) -> None:
        await ctx.sleep("long", 3600)

    async with serving(client, queue, sleeps):
        handle = await client.start(sleeps, task_queue=queue)
        await until(RunStatus.SLEEPING, handle)
        await handle.cancel()
        with pytest.raises(WorkflowCancelled):
            await handle.result(timeout=10)


async def test_termination_is_at_once_and_runs_no_more_code(client: Client, queue: str) -> None:
    cleaned = []

    @workflow(queue)
    async def sleeps(ctx: Context) -> None:
        try:
            await ctx.sleep("long", 3600)
        finally:
            cleaned.append(ctx.is_cancelled)

    async with serving(client, queue, sleeps):
        handle = await client.start(sleeps, task_queue=queue)
        await until(RunStatus.SLEEPING, handle)
        await handle.terminate("enough")
        with pytest.raises(WorkflowTerminated, match="enough"):
            await handle.result(timeout=10)
        assert cleaned == []
        with pytest.raises(RunClosed):
            await handle.cancel()


async def test_a_run_timeout_closes_the_run(client: Client, queue: str) -> None:
    @workflow(queue)
    async def sleeps(ctx: Context) -> None:
        await ctx.sleep("long", 3600)

    async with serving(client, queue, sleeps):
        handle = await client.start(sleeps, task_queue=queue, run_timeout=0.5)
        with pytest.raises(WorkflowTimedOut):
            await handle.result(timeout=10)


# The rest


async def test_a_watch_shows_every_change_in_order(client: Client, queue: str) -> None:
    @activity(queue + "-one")
    async def one(ctx: ActivityContext) -> int:
        if ctx.attempt == 1:
            raise ConnectionError("once")
        return 1

    @workflow(queue)
    async def watched(ctx: Context) -> int:
        return await ctx.activity(one, retry=RetryPolicy.fixed_with(10, 2))

    async with serving(client, queue, watched, one):
        handle = await client.start(watched, task_queue=queue)
        changes = [change async for change in handle.watch()]
    sequences = [change.sequence for change in changes]
    assert sequences == sorted(sequences)
    kinds = [change.kind for change in changes]
    assert kinds.index("step_scheduled") < kinds.index("attempt_failed") < kinds.index("step_settled")
    last = changes[-1].run
    assert last is not None and last.status is RunStatus.COMPLETED
    tail = [change async for change in handle.watch(after_sequence=2)]
    assert tail and all(change.sequence > 2 for change in tail)
    assert tail[-1].run is not None and tail[-1].run.status is RunStatus.COMPLETED


async def test_a_watch_shows_that_a_run_was_parked(client: Client, queue: str) -> None:
    @workflow(queue)
    async def stuck(ctx: Context) -> None:
        await ctx.sleep("pause", 0.2)
        await asyncio.Event().wait()

    async with serving(client, queue, stuck):
        handle = await client.start(stuck, task_queue=queue)
        try:
            await until(RunStatus.PAUSED, handle, timeout=3)
        finally:
            await handle.terminate()


async def test_an_activity_is_completed_later_by_its_token(client: Client, queue: str) -> None:
    tokens: asyncio.Queue[bytes] = asyncio.Queue()

    @activity(queue + "-approve")
    async def approve() -> str:
        tokens.put_nowait(activity_context().complete_later())
        return "not this"

    @workflow(queue)
    async def asks(ctx: Context) -> str:
        return await ctx.activity(approve, retry=RetryPolicy.none())

    async with serving(client, queue, asks, approve):
        yes = await client.start(asks, task_queue=queue)
        token = await asyncio.wait_for(tokens.get(), 10)
        await asyncio.sleep(0.1)
        await client.complete_activity(token, "approved")
        assert await yes.result(timeout=10) == "approved"
        no = await client.start(asks, task_queue=queue)
        token = await asyncio.wait_for(tokens.get(), 10)
        await asyncio.sleep(0.1)
        await client.fail_activity(token, StepError(ErrorKind.PERMISSION_DENIED, "refused"))
        with pytest.raises(WorkflowFailed, match="refused"):
            await no.result(timeout=10)


async def test_a_worker_without_the_type_leaves_the_task_to_one_that_has_it(client: Client, queue: str) -> None:
    @activity(queue + "-rare")
    async def rare() -> str:
        return "found"

    @workflow(queue)
    async def asks(ctx: Context) -> str:
        return await ctx.activity(queue + "-rare")

    async with serving(client, queue, asks):
        handle = await client.start(asks, task_queue=queue)
        await until(RunStatus.WAITING, handle)
        async with serving(client, queue, rare):
            assert await handle.result(timeout=10) == "found"
