"""Retries of steps and activities, against the real coordinator."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from support import serving, until

from kagzi import (
    ActivityContext,
    Client,
    Context,
    ErrorKind,
    RetryPolicy,
    RetryPredicate,
    RunStatus,
    StepBuilder,
    StepError,
    WorkflowFailed,
    activity,
    workflow,
)


async def test_checklist_7_a_local_step_is_retried_as_its_policy_says(client: Client, queue: str) -> None:
    attempts = []

    async def flaky() -> str:
        attempts.append(time.monotonic())
        if len(attempts) < 3:
            raise ConnectionError("refused")
        return "third time"

    @workflow(queue)
    async def retries(ctx: Context) -> str:
        return await StepBuilder("call").retry_policy(RetryPolicy.fixed_with(100, 5)).execute(ctx, flaky)

    async with serving(client, queue, retries):
        handle = await client.start(retries, task_queue=queue)
        assert await handle.result(timeout=15) == "third time"
    assert len(attempts) == 3
    assert all(later - earlier >= 0.1 for earlier, later in itertools.pairwise(attempts))
    recorded = await handle.attempts("call")
    assert [each.attempt for each in recorded] == [1, 2, 3]
    assert recorded[0].failure is not None and recorded[0].failure.kind is ErrorKind.NETWORK_ERROR


async def test_checklist_11_a_long_retry_of_a_local_step_suspends_the_run(client: Client, queue: str) -> None:
    attempts = []

    async def flaky() -> str:
        attempts.append(1)
        if len(attempts) < 2:
            raise ConnectionError("refused")
        return "second time"

    @workflow(queue)
    async def retries(ctx: Context) -> str:
        return await ctx.step("call", flaky, retry=RetryPolicy.fixed_with(6_000, 2))

    async with serving(client, queue, retries) as worker:
        handle = await client.start(retries, task_queue=queue)
        await until({RunStatus.SLEEPING}, handle)
        assert worker.active_workflow_count == 0
        assert await handle.result(timeout=18) == "second time"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, 1),
        (RetryPolicy.none(), 1),
        (RetryPolicy.fixed_with(10, 3), 1),  # a ValueError is UNKNOWN, which is not retryable
        (RetryPolicy.fixed_with(10, 3).when(RetryPredicate.on_any_error()), 3),
        (RetryPolicy.fixed_with(10, 3).when(RetryPredicate.never()), 1),
        (RetryPolicy.fixed_with(10, 3).when(RetryPredicate.on_error_kind([ErrorKind.UNKNOWN])), 3),
        (RetryPolicy.fixed_with(10, 3).when(RetryPredicate.on_error_kind(ErrorKind.TIMEOUT)), 1),
    ],
)
async def test_checklist_9_predicates_decide_about_errors(
    client: Client, queue: str, policy: RetryPolicy | None, expected: int
) -> None:
    calls = []

    def fail() -> None:
        calls.append(1)
        raise ValueError("bad")

    @workflow(queue)
    async def fails(ctx: Context) -> str:
        try:
            await ctx.step("fail", fail, retry=policy)
        except StepError as error:
            return f"{error.kind.name} {error.message}"
        return ""

    async with serving(client, queue, fails):
        assert await client.execute(fails, task_queue=queue, timeout=10) == "UNKNOWN bad"
    assert len(calls) == expected


async def test_an_activity_is_retried_and_goes_on_where_it_stopped(client: Client, queue: str) -> None:
    @activity(queue + "-import")
    async def import_rows(ctx: ActivityContext, rows: int) -> str:
        begun = ctx.progress or 0
        for row in range(begun, rows):
            ctx.heartbeat(row + 1)
            if row == 4 and ctx.attempt == 1:
                raise ConnectionError("lost")
        return f"attempt {ctx.attempt} began at {begun}"

    @workflow(queue)
    async def imports(ctx: Context) -> str:
        return await ctx.activity(import_rows, 10, retry=RetryPolicy.fixed_with(50, 3))

    async with serving(client, queue, imports, import_rows):
        assert await client.execute(imports, task_queue=queue, timeout=10) == "attempt 2 began at 5"


async def test_checklist_10_a_failure_keeps_its_kind_code_and_context(client: Client, queue: str) -> None:
    @activity(queue + "-pay")
    async def pay() -> None:
        raise StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "declined", code="card-declined", context={"card": "…42"})

    @workflow(queue)
    async def order(ctx: Context) -> None:
        await ctx.activity(pay)

    async with serving(client, queue, order, pay):
        handle = await client.start(order, task_queue=queue)
        with pytest.raises(WorkflowFailed, match="declined") as failed:
            await handle.result(timeout=10)
    failure = failed.value.failure
    assert (failure.kind, failure.code, failure.context) == (ErrorKind.BUSINESS_LOGIC_ERROR, "card-declined", {"card": "…42"})
    assert await handle.status() is RunStatus.FAILED
    assert [each.attempt for each in await handle.attempts()] == [1]


async def test_a_slow_activity_times_out(client: Client, queue: str) -> None:
    @activity(queue + "-slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    @workflow(queue)
    async def waits(ctx: Context) -> str:
        try:
            await ctx.activity(slow, start_to_close_timeout=0.3, retry=RetryPolicy.none())
        except StepError as error:
            return error.kind.name
        return ""

    async with serving(client, queue, waits, slow, graceful_shutdown_timeout_secs=1):
        assert await client.execute(waits, task_queue=queue, timeout=10) == "TIMEOUT"


async def test_the_manual_retry_loop_works(client: Client, queue: str) -> None:
    calls = []

    def fetch() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("not yet")
        return "user"

    @workflow(queue)
    async def manual(ctx: Context) -> str:
        attempts = 0
        while True:
            attempts += 1
            try:
                return await ctx.step("fetch-user", fetch)
            except StepError:
                if attempts >= 3:
                    raise
                await ctx.sleep("pause", 0.05)

    async with serving(client, queue, manual):
        handle = await client.start(manual, task_queue=queue)
        assert await handle.result(timeout=10) == "user"
    assert [step.key for step in await handle.steps()] == ["fetch-user", "pause", "fetch-user#2", "pause#2", "fetch-user#3"]
