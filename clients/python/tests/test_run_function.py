"""What a workflow function may await and use."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from scripted import LOCAL, SLEEP, Coordinator, completed, group, keys, outcome, recorded, value

from kagzi import Context, DuplicateStepName


# Other awaits


async def test_real_sleeps_hold_the_task_and_then_go_on() -> None:
    async def run(ctx: Context) -> str:
        await asyncio.sleep(0.02)
        return str(await ctx.activity("after"))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("suspend", ["after"])


async def test_a_real_sleep_beside_an_activity_is_not_cut_short() -> None:
    async def nap(ctx: Context) -> None:
        await asyncio.sleep(0.02)
        await ctx.activity("later")

    async def run(ctx: Context) -> None:
        await asyncio.gather(ctx.activity("now"), nap(ctx))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("continue", ["now"])
    report = await coordinator.answered()
    assert (outcome(report), keys(report)) == ("suspend", ["later"])


async def test_threads_and_locks_work_in_a_workflow_function() -> None:
    async def run(ctx: Context) -> int:
        limit = asyncio.Semaphore(1)

        async def one(n: int) -> int:
            async with limit:
                return int(await ctx.activity("fetch", n, step=f"f{n}"))

        number = await asyncio.to_thread(lambda: 40)
        return number + sum(await asyncio.gather(one(1), one(2)))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("suspend", ["f1"])
    report = await coordinator.resume(completed("f1", 1))
    assert keys(report) == ["f2"]
    report = await coordinator.resume(completed("f2", 1))
    assert value(report.complete.output) == 42


async def test_a_timeout_of_the_functions_own_cancels_the_step() -> None:
    async def run(ctx: Context) -> str:
        try:
            await asyncio.wait_for(ctx.activity("slow"), 0.01)
        except asyncio.TimeoutError:
            return "too slow"
        return ""

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("continue", ["slow"])
    report = await coordinator.answered()
    assert outcome(report) == "complete"
    assert [command.WhichOneof("command") for command in report.commands] == ["cancel_step"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="task groups came with Python 3.11")
async def test_task_groups_and_timeouts_work_in_a_workflow_function() -> None:
    async def run(ctx: Context) -> str:
        async with asyncio.TaskGroup() as group, asyncio.timeout(60):  # noqa: ASYNC100
            first = group.create_task(ctx.activity("a"))
            second = group.create_task(ctx.step("b", lambda: "b"))
        return str(first.result()) + second.result()

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert keys(report) == ["a"]
    report = await coordinator.answered()
    report = await coordinator.answered(recorded("b"))
    assert outcome(report) == "suspend"
    report = await coordinator.resume(completed("a", "a"))
    assert value(report.complete.output) == "ab"


async def test_io_in_a_workflow_function_fails_with_advice() -> None:
    async def run(ctx: Context) -> None:
        await asyncio.open_connection("127.0.0.1", 1)

    report = await Coordinator(run).begin()
    assert "ctx.step" in report.fail.failure.message


async def test_a_step_cannot_use_the_context() -> None:
    async def run(ctx: Context) -> None:
        async def inner() -> None:
            await ctx.step("inner", _nothing)

        await ctx.step("outer", inner)

    report = await Coordinator(run).begin()
    assert "outside of its workflow function" in report.results[0].failure.message


# The context


async def test_time_and_chance_are_the_same_on_every_replay() -> None:
    async def run(ctx: Context) -> list[Any]:
        return [ctx.now().isoformat(), ctx.random().random(), ctx.random().randint(1, 1_000_000)]

    coordinator = Coordinator(run)
    first = value((await coordinator.begin(seed=3)).complete.output)
    again = value((await coordinator.begin_again(seed=3)).complete.output)
    other = value((await coordinator.begin_again(seed=4)).complete.output)
    assert first == again != other
    assert first[0] == "2023-11-14T22:13:20+00:00"


async def test_the_context_names_its_run() -> None:
    async def run(ctx: Context) -> list[Any]:
        return [ctx.run_id, ctx.workflow_id, ctx.workflow_name, ctx.version, ctx.attempt, ctx.namespace]

    report = await Coordinator(run, version=2).begin()
    assert value(report.complete.output) == ["run-1", "order-1", "run", 2, 1, "default"]


async def test_sleeps_are_timers() -> None:
    async def run(ctx: Context) -> None:
        await ctx.sleep("short", timedelta(milliseconds=1_500))
        await ctx.sleep_until("long", datetime(2030, 1, 1, tzinfo=timezone.utc))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    delay = report.commands[0].start_timer.delay
    assert (delay.seconds, delay.nanos) == (1, 500_000_000)
    report = await coordinator.resume(completed("short", None, SLEEP))
    assert report.commands[0].start_timer.fire_at.seconds == 1_893_456_000


async def test_a_step_may_be_a_thread_a_coroutine_or_a_decorated_function() -> None:
    async def run(ctx: Context) -> list[Any]:
        @ctx.step("decorated")
        async def twice(n: int) -> int:
            return n * 2

        async def plain(n: int) -> int:
            return n

        return [
            await ctx.step("thread", max, 1, 2),
            await ctx.step("coroutine", plain(3)),
            await twice(2),
            await ctx.step("lambda", lambda: plain(5)),
        ]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    while outcome(report) == "continue":
        report = await coordinator.answered(*(recorded(result.key) for result in report.results))
    assert value(report.complete.output) == [2, 3, 4, 5]
    names = ("thread", "coroutine", "decorated", "lambda")
    replay = await coordinator.begin_again(
        None,
        *(completed(name, name, LOCAL) for name in names[:2]),
        completed("decorated", 1, LOCAL),
        completed("lambda", None, LOCAL),
    )
    assert value(replay.complete.output) == ["thread", "coroutine", 1, None]


async def test_the_first_pass_sees_the_same_value_as_a_replay() -> None:
    @dataclass
    class Point:
        x: int
        y: int

    async def run(ctx: Context) -> list[str]:
        untyped = await ctx.step("untyped", lambda: (1, 2))
        typed = await ctx.step("typed", lambda: Point(1, 2), returns=Point)
        return [repr(untyped), type(typed).__name__]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    report = await coordinator.answered(recorded("untyped"))
    report = await coordinator.answered(recorded("typed"))
    first = value(report.complete.output)
    replay = await coordinator.begin_again(None, completed("untyped", [1, 2], LOCAL), completed("typed", {"x": 1, "y": 2}, LOCAL))
    assert first == value(replay.complete.output) == ["[1, 2]", "Point"]


async def test_a_worker_that_drains_does_not_keep_the_function() -> None:
    async def run(ctx: Context) -> None:
        await ctx.activity("far")

    coordinator = Coordinator(run)
    coordinator.keeps_suspended = False
    report = await coordinator.begin()
    assert not report.suspend.sticky
    assert coordinator.run.is_over


def test_duplicate_step_names_say_what_to_do() -> None:
    assert "step=" in str(DuplicateStepName("x"))


async def _nothing() -> None:
    return None
