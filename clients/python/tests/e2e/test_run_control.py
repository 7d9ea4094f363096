"""Steering runs: pause, resume, retry, fork, explain, batches, namespaces, moves between versions."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from coordinator import Coordinator
from support import serving, until

from kagzi import (
    AlreadyExists,
    BatchAction,
    Client,
    Context,
    ErrorKind,
    NamespaceDisabled,
    RetryPolicy,
    RunNotClosed,
    RunStatus,
    StepError,
    Worker,
    WorkflowCancelled,
    WorkflowFailed,
    activity,
    workflow,
)


async def test_a_paused_run_waits_until_it_is_resumed(client: Client, queue: str) -> None:
    calls: Counter[str] = Counter()

    @workflow(queue)
    async def signalled(ctx: Context) -> str:
        await ctx.wait_for_signal("go")
        return await ctx.step("after", lambda: calls.update(after=1) or "done")

    async with serving(client, queue, signalled):
        handle = await client.start(signalled, task_queue=queue)
        await until(RunStatus.WAITING, handle)
        await handle.pause("look at it")
        await handle.signal("go")
        run = await handle.describe()
        assert (run.status, run.status_reason) == (RunStatus.PAUSED, "look at it")
        explanation = await handle.explain()
        assert any("look at it" in reason for reason in explanation.reasons) and explanation.remedies
        with pytest.raises(TimeoutError):
            await handle.result(timeout=0.5)
        assert calls["after"] == 0
        await handle.resume()
        assert await handle.result(timeout=10) == "done"


async def test_a_failed_run_is_retried_with_its_completed_steps_kept(client: Client, queue: str) -> None:
    calls: Counter[str] = Counter()

    def second() -> str:
        calls["second"] += 1
        if calls["second"] == 1:
            raise StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "not yet")
        return "second"

    @workflow(queue)
    async def twice(ctx: Context) -> list[str]:
        return [await ctx.step("first", lambda: calls.update(first=1) or "first"), await ctx.step("second", second)]

    async with serving(client, queue, twice):
        handle = await client.start(twice, task_queue=queue)
        with pytest.raises(WorkflowFailed):
            await handle.result(timeout=10)
        await handle.retry()
        assert await handle.result(timeout=10) == ["first", "second"]
        assert (await handle.describe()).attempt == 2
        with pytest.raises(RunNotClosed):
            await handle.retry()
    assert calls == {"first": 1, "second": 2}


async def test_a_run_policy_tries_the_whole_run_again(client: Client, queue: str) -> None:
    calls: Counter[str] = Counter()

    @activity(queue + "-call")
    async def call() -> str:
        calls["call"] += 1
        if calls["call"] < 3:
            raise StepError(ErrorKind.SERVICE_UNAVAILABLE, "away")
        return "answered"

    @workflow(queue)
    async def calls_once(ctx: Context) -> str:
        await ctx.step("first", lambda: calls.update(first=1))
        return await ctx.activity(call, retry=RetryPolicy.none()) + f" in attempt {ctx.attempt}"

    async with serving(client, queue, calls_once, call):
        handle = await client.start(calls_once, task_queue=queue, retry=RetryPolicy.fixed_with(50, 3))
        assert await handle.result(timeout=15) == "answered in attempt 3"
    assert calls == {"first": 1, "call": 3}


async def test_a_run_is_forked_from_a_step_with_another_input(client: Client, queue: str) -> None:
    calls: Counter[str] = Counter()

    @workflow(queue)
    async def adds(ctx: Context, number: int) -> int:
        first = await ctx.step("first", lambda: calls.update(first=1) or 10)
        return await ctx.step("second", lambda: calls.update(second=1) or first + number)

    async with serving(client, queue, adds):
        handle = await client.start(adds, 1, task_queue=queue)
        assert await handle.result(timeout=10) == 11
        forked = await handle.fork("second", input=2)
        assert await forked.result(timeout=10) == 12
        assert (await forked.describe()).related_run_id == handle.run_id
    assert calls == {"first": 1, "second": 2}


async def test_an_explanation_says_that_nobody_serves_a_run(client: Client, queue: str) -> None:
    handle = await client.start(queue, task_queue=queue)
    explanation = await handle.explain()
    assert explanation.run.status is RunStatus.PENDING
    assert any("worker" in reason for reason in explanation.reasons)
    assert explanation.remedies
    entry = (await client.queues.get(queue)).entries[0]
    assert (entry.kind, entry.type, entry.ready, entry.live_workers) == ("workflow", queue, 1, 0)


async def test_a_batch_acts_on_what_its_filter_chooses(client: Client, queue: str) -> None:
    @workflow(queue)
    async def waits(ctx: Context) -> str:
        return str(await ctx.wait_for_signal("go"))

    async with serving(client, queue, waits):
        handles = await client.start_many(waits, [None] * 12, task_queue=queue, tags={"set": "a"})
        other = await client.start(waits, task_queue=queue, tags={"set": "b"})
        dry = [each async for each in client.batches.run(BatchAction.CANCEL, dry_run=True, workflow=waits, tags={"set": "a"})]
        assert (dry[-1].total, dry[-1].finished) == (12, True)
        done = [each async for each in client.batches.run(BatchAction.SIGNAL, signal="go", payload="all", tags={"set": "a"})]
        assert (done[-1].done, done[-1].failed, done[-1].finished) == (12, 0, True)
        assert [await handle.result(timeout=10) for handle in handles] == ["all"] * 12
        assert (await other.describe()).status.is_closed is False
        done = [each async for each in client.batches.run(BatchAction.CANCEL, reason="over", workflow=waits)]
        assert done[-1].done + done[-1].failed == done[-1].total
        with pytest.raises(WorkflowCancelled):
            await other.result(timeout=10)


async def test_open_runs_are_moved_to_another_version(client: Client, queue: str) -> None:
    async def old(ctx: Context) -> str:
        await ctx.step("work", lambda: "old")
        await ctx.wait_for_signal("go")
        return f"ended by {ctx.version}"

    worker = Worker(client, task_queues=[queue])
    worker.register_workflow(queue, old, 1)
    worker.register_workflow(queue, old, 2)
    async with worker:
        first = await client.start(queue, version=1, task_queue=queue)
        shown = await client.start(queue, version=2, task_queue=queue)
        for handle in (first, shown):
            await until(RunStatus.WAITING, handle)
        dry = [each async for each in client.workflow_types.move_runs(queue, 1, 2, dry_run=True)]
        assert (dry[-1].total, dry[-1].moved, dry[-1].conflicts) == (1, 1, ())
        assert (await first.describe()).version == 1
        moved = [each async for each in client.workflow_types.move_runs(queue, 1, 2)]
        assert (moved[-1].moved, moved[-1].finished) == (1, True)
        await first.signal("go")
        assert await first.result(timeout=10) == "ended by 2"


async def test_a_disabled_namespace_takes_no_new_work_and_lets_open_runs_finish(coordinator: Coordinator, queue: str) -> None:
    name = f"shop-{uuid.uuid4().hex[:8]}"

    @workflow(queue)
    async def waits(ctx: Context) -> str:
        return str(await ctx.wait_for_signal("go"))

    async with Client(coordinator.address, namespace=name) as client:
        made = await client.namespaces.create(name, description="a shop", retention=3600)
        assert made.enabled
        with pytest.raises(AlreadyExists):
            await client.namespaces.create(name)
        async with Worker(client, workflows=[waits]):
            handle = await client.start(waits)
            await until(RunStatus.WAITING, handle)
            await client.namespaces.disable(name)
            with pytest.raises(NamespaceDisabled):
                await client.start(waits)
            await handle.signal("go", "finished")
            assert await handle.result(timeout=10) == "finished"
            await client.namespaces.enable(name)
            again = await client.start(waits)
            await again.signal("go", "again")
            assert await again.result(timeout=10) == "again"
        changed = await client.namespaces.update(name, description="closed")
        assert (changed.description, changed.retention) == ("closed", made.retention)
        assert name in [each.name for each in await client.namespaces.list()]
