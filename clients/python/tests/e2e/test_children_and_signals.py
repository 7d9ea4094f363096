"""Children, signals and continuations against the real coordinator."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from support import serving, until

from kagzi import (
    Cancelled,
    Client,
    Context,
    ErrorKind,
    ParentClosePolicy,
    RunClosed,
    RunStatus,
    StepError,
    StepKind,
    WorkflowCancelled,
    WorkflowFailed,
    activity,
    workflow,
)


@dataclass
class Item:
    number: int


async def test_a_child_gives_its_result_and_shows_its_parent(client: Client, queue: str) -> None:
    @workflow(queue + "-child")
    async def child(ctx: Context, item: Item) -> Item:
        return Item(await ctx.step("double", lambda: item.number * 2))

    @workflow(queue)
    async def parent(ctx: Context, number: int) -> int:
        item = await ctx.child(child, Item(number), step="first")
        assert isinstance(item, Item)
        return item.number

    async with serving(client, queue, parent, child):
        handle = await client.start(parent, 21, task_queue=queue)
        assert await handle.result(timeout=10) == 42
    step = (await handle.steps())[0]
    assert (step.key, step.kind) == ("first", StepKind.CHILD)
    run = await client.get(step.child_run_id)
    assert (run.parent_run_id, run.parent_step, run.workflow_id) == (handle.run_id, "first", f"{handle.run_id}/first")
    assert [each.run_id async for each in client.list(parent_run_id=handle.run_id)] == [step.child_run_id]


async def test_a_childs_failure_keeps_its_kind(client: Client, queue: str) -> None:
    @workflow(queue + "-child")
    async def child(ctx: Context) -> None:
        raise StepError(ErrorKind.NOT_FOUND, "no such thing", code="gone")

    @workflow(queue)
    async def parent(ctx: Context) -> list[str]:
        try:
            await ctx.child(child)
        except StepError as error:
            return [error.kind.name, error.code]
        return []

    async with serving(client, queue, parent, child):
        assert await client.execute(parent, task_queue=queue, timeout=10) == ["NOT_FOUND", "gone"]


async def test_fifty_children_at_once(client: Client, queue: str) -> None:
    @workflow(queue + "-child")
    async def child(ctx: Context, number: int) -> int:
        await ctx.sleep("nap", 0.05)
        return number * number

    @workflow(queue)
    async def parent(ctx: Context, count: int) -> int:
        return sum(await asyncio.gather(*(ctx.child(child, number, step=f"child-{number}") for number in range(count))))

    async with serving(client, queue, parent, child):
        assert await client.execute(parent, 50, task_queue=queue, timeout=20) == sum(n * n for n in range(50))


async def test_children_are_cancelled_or_left_when_their_parent_closes(client: Client, queue: str) -> None:
    @workflow(queue + "-child")
    async def child(ctx: Context) -> str:
        return str(await ctx.wait_for_signal("end"))

    @workflow(queue)
    async def parent(ctx: Context) -> None:
        asyncio.ensure_future(ctx.child(child, step="cancelled"))
        asyncio.ensure_future(ctx.child(child, step="left", parent_close_policy=ParentClosePolicy.ABANDON))
        await ctx.wait_for_signal("go")

    async with serving(client, queue, parent, child):
        handle = await client.start(parent, task_queue=queue)
        await until(RunStatus.WAITING, handle)
        runs = {step.key: client.handle(step.child_run_id) for step in await handle.steps() if step.kind is StepKind.CHILD}
        await handle.signal("go")
        await handle.result(timeout=10)
        try:
            await runs["cancelled"].result(timeout=10)
            raise AssertionError("the child went on")
        except WorkflowCancelled:
            pass
        await runs["left"].signal("end", "ended by itself")
        assert await runs["left"].result(timeout=10) == "ended by itself"


async def test_signals_sent_early_are_kept_in_order_and_taken_once(client: Client, queue: str) -> None:
    @workflow(queue)
    async def collects(ctx: Context, count: int) -> list[int]:
        return [(await ctx.wait_for_signal("item", returns=Item)).number for _ in range(count)]

    handle = await client.start(collects, 30, task_queue=queue)
    for number in range(15):
        await handle.signal("item", Item(number))
    async with serving(client, queue, collects):
        for number in range(15, 30):
            await handle.signal("item", Item(number), request_id=f"item-{number}")
            await handle.signal("item", Item(number), request_id=f"item-{number}")
        assert await handle.result(timeout=20) == list(range(30))
    try:
        await handle.signal("item", Item(0))
        raise AssertionError("a closed run took a signal")
    except RunClosed as error:
        assert error.status == "COMPLETED"


async def test_a_signal_that_does_not_come_in_time_is_none(client: Client, queue: str) -> None:
    @workflow(queue)
    async def waits(ctx: Context) -> list[Any]:
        return [await ctx.wait_for_signal("never", timeout=0.2), await ctx.wait_for_signal("soon", timeout=20)]

    async with serving(client, queue, waits):
        handle = await client.start(waits, task_queue=queue)
        await until(RunStatus.WAITING, handle)
        await handle.signal("soon", "here")
        assert await handle.result(timeout=10) == [None, "here"]


async def test_a_hundred_callers_start_one_run_and_every_signal_arrives(client: Client, queue: str) -> None:
    @workflow(queue)
    async def adds(ctx: Context, count: int) -> int:
        return sum([await ctx.wait_for_signal("number", returns=int) for _ in range(count)])

    async with serving(client, queue, adds):
        handles = await asyncio.gather(
            *(
                client.signal_with_start(adds, 100, id=f"{queue}-run", task_queue=queue, signal="number", payload=number)
                for number in range(100)
            )
        )
        assert len({handle.run_id for handle in handles}) == 1
        assert sum(handle.was_started for handle in handles) == 1
        assert await handles[0].result(timeout=20) == sum(range(100))


async def test_a_run_goes_on_as_new_and_its_waiters_and_signals_go_along(client: Client, queue: str) -> None:
    @workflow(queue)
    async def counts(ctx: Context, state: list[int]) -> list[int]:
        await ctx.step("work", lambda: None)
        if len(state) < 10:
            await ctx.continue_as_new([*state, len(state)])
        last = await ctx.wait_for_signal("last", returns=int)
        return [*state, last]

    handle = await client.start(counts, [], id=f"{queue}-{uuid.uuid4()}", task_queue=queue)
    await handle.signal("last", 99)
    async with serving(client, queue, counts):
        assert await handle.result(timeout=20) == [*range(10), 99]
    runs = [run async for run in client.list(workflow_id=handle.workflow_id)]
    assert [run.status for run in runs] == [RunStatus.COMPLETED] + [RunStatus.CONTINUED] * 10


async def test_a_child_that_goes_on_as_new_still_gives_its_result(client: Client, queue: str) -> None:
    @workflow(queue + "-child")
    async def child(ctx: Context, left: int) -> str:
        if left:
            await ctx.continue_as_new(left - 1)
        return "the last of them"

    @workflow(queue)
    async def parent(ctx: Context) -> str:
        return await ctx.child(child, 3)

    async with serving(client, queue, parent, child):
        assert await client.execute(parent, task_queue=queue, timeout=10) == "the last of them"


async def test_a_function_that_catches_everything_cannot_swallow_anything(client: Client, queue: str) -> None:
    did: list[str] = []

    @activity(queue + "-slow")
    async def slow() -> str:
        await asyncio.sleep(0.1)
        return "slow"

    @workflow(queue + "-child")
    async def child(ctx: Context) -> str:
        await ctx.sleep("nap", 0.1)
        return "child"

    @workflow(queue)
    async def greedy(ctx: Context, round: int) -> list[Any]:
        found: list[Any] = []
        for ask in (
            lambda: ctx.activity(slow),
            lambda: ctx.child(child),
            lambda: ctx.sleep("sleep", 0.1),
            lambda: ctx.wait_for_signal("go", timeout=20),
        ):
            try:
                found.append(await ask())
            except BaseException as error:
                did.append(repr(error))
                await ctx.step("compensate", lambda: did.append("compensated"))
        if round == 0:
            try:
                await ctx.continue_as_new(1)
            except BaseException:
                await ctx.step("compensate", lambda: did.append("compensated"))
        return found

    for cached in (1_000, 0):  # with the function kept in memory, and replayed each time
        handle = await client.start(greedy, 0, id=f"{queue}-{uuid.uuid4()}", task_queue=queue)
        async with serving(client, queue, greedy, slow, child, max_cached_workflows=cached):
            await handle.signal("go", 1)
            await handle.signal("go", 2)
            assert await handle.result(timeout=20) == ["slow", "child", None, 2]
        assert "compensated" not in did


async def test_cancelling_a_parent_reaches_the_code_that_waits_for_its_child(client: Client, queue: str) -> None:
    @workflow(queue + "-child")
    async def child(ctx: Context) -> None:
        await ctx.wait_for_signal("never")

    @workflow(queue)
    async def parent(ctx: Context) -> None:
        try:
            await ctx.child(child)
        except Cancelled:
            async with ctx.uncancellable():
                await ctx.step("clean-up", lambda: None)
            raise

    async with serving(client, queue, parent, child):
        handle = await client.start(parent, task_queue=queue)
        await until(RunStatus.WAITING, handle)
        step = (await handle.steps())[0]
        await handle.cancel("enough")
        try:
            await handle.result(timeout=10)
            raise AssertionError("the parent completed")
        except WorkflowCancelled:
            pass
        try:
            await client.handle(step.child_run_id).result(timeout=10)
            raise AssertionError("the child completed")
        except (WorkflowCancelled, WorkflowFailed) as error:
            assert isinstance(error, WorkflowCancelled)
    assert [step.key for step in await handle.steps()] == [f"{queue}-child", "clean-up"]
