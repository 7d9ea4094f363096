"""Workflows against the real coordinator: steps, activities, sleeps, and what is started how."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from support import serving, until

from kagzi import (
    AlreadyStarted,
    Client,
    ConflictPolicy,
    Context,
    ErrorKind,
    KagziError,
    PayloadTooLarge,
    ReusePolicy,
    RpcError,
    RunNotFound,
    RunStatus,
    StepKind,
    StepState,
    VersionNotRegistered,
    WorkflowFailed,
    activity,
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
    begun = {"squares": 0, "local": 0}
    all_begun = {"squares": asyncio.Event(), "local": asyncio.Event()}

    async def beside_the_others(kind: str) -> None:
        """Ends only when all twenty are at work."""
        begun[kind] += 1
        if begun[kind] == 20:
            all_begun[kind].set()
        await all_begun[kind].wait()

    @activity(queue + "-square")
    async def square(n: int) -> int:
        await beside_the_others("squares")
        return n * n

    async def local_number(n: int) -> int:
        await beside_the_others("local")
        return n

    @workflow(queue)
    async def fan_out(ctx: Context, count: int) -> int:
        squares = await asyncio.gather(*(ctx.activity(square, n, step=f"square-{n}") for n in range(count)))
        local = await asyncio.gather(*(ctx.step(f"local-{n}", local_number, n) for n in range(count)))
        return sum(squares) + sum(local)

    async with serving(client, queue, fan_out, square, max_concurrent_activities=20):
        assert await client.execute(fan_out, 20, task_queue=queue, timeout=20) == sum(n * n + n for n in range(20))


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
    assert all(0.5 <= nap < 10 for nap in naps), naps


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
