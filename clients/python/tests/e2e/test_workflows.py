"""Workflows against the real coordinator."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from support import serving, until

from kagzi import (
    ActivityContext,
    AlreadyStarted,
    Cancelled,
    Client,
    ConflictPolicy,
    Context,
    ErrorKind,
    KagziError,
    PayloadTooLarge,
    RetryPolicy,
    RetryPredicate,
    ReusePolicy,
    RpcError,
    RunClosed,
    RunNotFound,
    RunStatus,
    StepBuilder,
    StepError,
    StepKind,
    StepState,
    VersionNotRegistered,
    WorkflowCancelled,
    WorkflowFailed,
    WorkflowTerminated,
    WorkflowTimedOut,
    activity,
    activity_context,
    workflow,
)


@dataclass
class Order:
    id: str
    amount: float


@dataclass
class Receipt:
    order: Order
    number: int


async def test_checklist_5_steps_run_once_each_in_order(client: Client, queue: str) -> None:
    calls = []

    @workflow(queue)
    async def steps(ctx: Context, name: str) -> str:
        greeting = await ctx.step("greet", lambda: calls.append("greet") or f"hello {name}")
        return await ctx.step("shout", lambda: calls.append("shout") or greeting.upper())

    async with serving(client, queue, steps):
        handle = await client.start(steps, "ada", task_queue=queue)
        assert await handle.result(timeout=10) == "HELLO ADA"
    assert calls == ["greet", "shout"]
    run = await handle.describe()
    assert (run.status, run.version, run.workflow_name) == (RunStatus.COMPLETED, 1, queue)
    assert (run.input(), run.output()) == ("ada", "HELLO ADA")
    steps_seen = await handle.steps()
    assert [(step.key, step.kind, step.state, step.output()) for step in steps_seen] == [
        ("greet", StepKind.LOCAL, StepState.COMPLETED, "hello ada"),
        ("shout", StepKind.LOCAL, StepState.COMPLETED, "HELLO ADA"),
    ]


async def test_activities_take_and_give_typed_values(client: Client, queue: str) -> None:
    @activity(queue + "-charge")
    async def charge(order: Order) -> Receipt:
        assert isinstance(order, Order)
        return Receipt(order, 7)

    @activity(queue + "-where")
    def where() -> str:
        return threading.current_thread().name

    @workflow(queue)
    async def pay(ctx: Context, order: Order) -> list[Any]:
        receipt = await ctx.activity(charge, order)
        assert isinstance(receipt, Receipt) and receipt.order == order
        return [receipt, await ctx.activity(where), await ctx.step("raw", lambda: None)]

    async with serving(client, queue, pay, charge, where):
        result = await client.execute(pay, Order("17", 2.5), task_queue=queue, timeout=10)
    assert result[0] == {"order": {"id": "17", "amount": 2.5}, "number": 7}
    assert result[1].startswith("kagzi")
    assert result[2] is None


async def test_bytes_and_nothing_travel_as_they_are(client: Client, queue: str) -> None:
    @workflow(queue)
    async def echo(ctx: Context, data: bytes) -> bytes:
        return await ctx.step("reverse", lambda: data[::-1])

    async with serving(client, queue, echo):
        assert await client.execute(echo, b"\x00\xff\x01", task_queue=queue, timeout=10) == b"\x01\xff\x00"


async def test_gathered_steps_run_at_once(client: Client, queue: str) -> None:
    @activity(queue + "-square")
    async def square(n: int) -> int:
        await asyncio.sleep(0.1)
        return n * n

    @workflow(queue)
    async def fan_out(ctx: Context, count: int) -> int:
        squares = await asyncio.gather(*(ctx.activity(square, n, step=f"square-{n}") for n in range(count)))
        local = await asyncio.gather(*(ctx.step(f"local-{n}", asyncio.sleep, 0.1, n) for n in range(count)))
        return sum(squares) + sum(local)

    async with serving(client, queue, fan_out, square, max_concurrent_activities=20):
        begun = time.monotonic()
        assert await client.execute(fan_out, 20, task_queue=queue, timeout=20) == sum(n * n + n for n in range(20))
        assert time.monotonic() - begun < 3


async def test_checklist_5_a_sleeping_run_holds_no_slot_and_wakes_in_time(client: Client, queue: str) -> None:
    @workflow(queue)
    async def sleeps(ctx: Context, seconds: float) -> float:
        begun = time.monotonic()
        await ctx.sleep("nap", seconds)
        await ctx.sleep("none", 0)
        await ctx.sleep_until("past", datetime(2000, 1, 1, tzinfo=timezone.utc))
        return time.monotonic() - begun

    async with serving(client, queue, sleeps, max_concurrent_workflows=1) as worker:
        handles = await client.start_many(sleeps, [0.5] * 20, task_queue=queue)
        await until(RunStatus.SLEEPING, handles[-1])
        assert worker.active_workflow_count <= 1
        naps = await asyncio.gather(*(handle.result(timeout=15) for handle in handles))
    assert all(0.5 <= nap < 3 for nap in naps), naps


async def test_two_hundred_runs(client: Client, queue: str) -> None:
    @activity(queue + "-add")
    async def add(n: int) -> int:
        return n + 1

    @workflow(queue)
    async def two(ctx: Context, n: int) -> int:
        return await ctx.activity(add, await ctx.activity(add, n))

    async with serving(client, queue, two, add, max_concurrent_workflows=50, max_concurrent_activities=50):
        handles = await client.start_many(two, list(range(200)), task_queue=queue)
        results = await asyncio.gather(*(handle.result(timeout=60) for handle in handles))
    assert results == [n + 2 for n in range(200)]


# Retries


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
        begun = time.monotonic()
        await handle.cancel("changed my mind")
        await asyncio.wait_for(told.wait(), 5)
        assert time.monotonic() - begun < 2
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


# Starting


async def test_starting_twice_starts_one_run(client: Client, queue: str) -> None:
    @workflow(queue)
    async def sleeps(ctx: Context) -> None:
        await ctx.sleep("long", 3600)

    key = f"order-{uuid.uuid4()}"
    first = await client.start(sleeps, id=key, task_queue=queue, request_id=key)
    again = await client.start(sleeps, id=key, task_queue=queue, request_id=key)
    assert (again.run_id, first.was_started, again.was_started) == (first.run_id, True, False)
    with pytest.raises(AlreadyStarted) as already:
        await client.start(sleeps, id=key, task_queue=queue)
    assert already.value.run_id == first.run_id
    used = await client.start(sleeps, id=key, task_queue=queue, conflict=ConflictPolicy.USE_EXISTING)
    assert used.run_id == first.run_id
    assert (await client.handle(workflow_id=key).describe()).run_id == first.run_id
    await first.terminate()
    with pytest.raises(AlreadyStarted):
        await client.start(sleeps, id=key, task_queue=queue, reuse=ReusePolicy.REJECT)
    second = await client.start(sleeps, id=key, task_queue=queue)
    assert second.run_id != first.run_id
    await second.terminate()


async def test_many_starts_and_their_list(client: Client, queue: str) -> None:
    @workflow(queue)
    async def nothing(ctx: Context, n: int) -> int:
        return n

    tag = {"batch": str(uuid.uuid4())}
    handles = await client.start_many(
        nothing, list(range(1_200)), task_queue=queue, tags=tag, ids=[f"{queue}-{tag['batch']}-{n}" for n in range(1_200)]
    )
    assert len({handle.run_id for handle in handles}) == 1_200
    listed = [run.run_id async for run in client.list(tags=tag)]
    assert sorted(listed) == sorted(handle.run_id for handle in handles)
    assert await client.count(tags=tag) == {RunStatus.PENDING: 1_200}
    async with serving(client, queue, nothing, max_concurrent_workflows=100):
        assert await handles[-1].result(timeout=30) == 1_199
        assert await asyncio.gather(*(handle.result(timeout=30) for handle in handles[:50])) == list(range(50))
        await asyncio.gather(*(handle.result(timeout=60) for handle in handles[50:]))


async def test_checklist_17_versions_run_side_by_side(client: Client, queue: str) -> None:
    @workflow(queue)
    async def one(ctx: Context) -> int:
        return ctx.version

    @workflow(queue, version=2)
    async def two(ctx: Context) -> int:
        return ctx.version * 10

    async with serving(client, queue, one, two):
        assert await client.execute(queue, task_queue=queue, version=1, timeout=10) == 1
        assert await client.execute(queue, task_queue=queue, version=2, timeout=10) == 20
        assert await client.execute(queue, task_queue=queue, timeout=10) == 1
        with pytest.raises(VersionNotRegistered):
            await client.start(queue, task_queue=queue, version=9)


async def test_a_delayed_start_waits(client: Client, queue: str) -> None:
    @workflow(queue)
    async def now(ctx: Context) -> float:
        return time.time()

    async with serving(client, queue, now):
        begun = time.time()
        assert await client.execute(now, task_queue=queue, start_delay=timedelta(seconds=0.5), timeout=10) - begun >= 0.5


async def test_a_start_before_any_worker_waits_for_one(client: Client, queue: str) -> None:
    @workflow(queue)
    async def later(ctx: Context) -> str:
        return "served"

    handle = await client.start(queue, task_queue=queue)
    assert await handle.status() is RunStatus.PENDING
    with pytest.raises(TimeoutError):
        await handle.result(timeout=0.2)
    async with serving(client, queue, later):
        assert await handle.result(timeout=10) == "served"


async def test_mistakes_are_typed_errors(client: Client, queue: str) -> None:
    with pytest.raises(RunNotFound):
        await client.get(str(uuid.uuid4()))
    with pytest.raises(RpcError) as malformed:
        await client.get("not a run id")
    assert malformed.value.code in ("INVALID_ARGUMENT", "NOT_FOUND")
    with pytest.raises(PayloadTooLarge) as large:
        await client.start(queue, b"x" * (3 * 1024 * 1024), task_queue=queue)
    assert large.value.size >= 3 * 1024 * 1024 > large.value.limit > 0
    with pytest.raises(KagziError):
        await client.start("", task_queue=queue)


async def test_a_result_over_the_limit_is_a_clear_failure(client: Client, queue: str) -> None:
    @workflow(queue)
    async def large(ctx: Context) -> bytes:
        return b"x" * (3 * 1024 * 1024)

    async with serving(client, queue, large):
        with pytest.raises(WorkflowFailed, match="limit") as failed:
            await client.execute(large, task_queue=queue, timeout=10)
    assert failed.value.kind is ErrorKind.INVALID_INPUT


# Replay


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
