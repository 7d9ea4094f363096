"""Parallel groups that end from outside, and what must not slip through then."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from group_members import fails, fetch, posts, user
from scripted import (
    ACTIVITY,
    CANCELLED,
    FAILED,
    LOCAL,
    SUCCEEDED,
    Coordinator,
    cancelled,
    completed,
    failed,
    for_good,
    group,
    keys,
    outcome,
    recorded,
    value,
)

from kagzi import Cancelled, Context, ErrorKind, Member, ParallelExecutor, RetryPolicy, StepError
from kagzi._messages import common


# Ends from outside


async def test_a_timeout_of_the_functions_own_cancels_the_group() -> None:
    async def run(ctx: Context) -> str:
        try:
            await asyncio.wait_for(ctx.parallel("g", [("far", Member.activity(fetch, 1)), ("near", asyncio.Event().wait)]), 0.02)
        except asyncio.TimeoutError:
            return "too slow"
        return ""

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("continue", ["g", "g/far"])
    report = await coordinator.answered()
    assert outcome(report) == "complete"
    assert [command.cancel_step.key for command in report.commands] == ["g"]


async def test_cancellation_ends_a_group_when_its_local_members_have_ended() -> None:
    ended: list[str] = []
    started = asyncio.Event()

    async def slow() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("slow")

    async def run(ctx: Context) -> None:
        try:
            await ctx.parallel("g", ("far", Member.activity(fetch, 1)), ("slow", slow))
        except Cancelled:
            ended.append("function")
            raise

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.answer()
    await started.wait()
    coordinator.run.cancel("stop")
    report = await coordinator.report()
    assert (outcome(report), report.fail.failure.kind) == ("fail", common.ERROR_KIND_CANCELLED)
    assert ended == ["slow", "function"]


async def test_a_suspended_group_is_cancelled_with_its_run_and_cleanup_may_be_a_group() -> None:
    async def run(ctx: Context) -> None:
        try:
            await ctx.parallel("g", [("far", Member.activity(fetch, 1))])
        except Cancelled:
            async with ctx.uncancellable():
                await ctx.parallel("cleanup", [("refund", Member.activity(fetch, 2))])
            raise

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(cancel="stop")
    assert (outcome(report), keys(report)) == ("suspend", ["cleanup", "cleanup/refund"])
    report = await coordinator.resume(
        completed("cleanup/refund", "ok"), groups=[group("cleanup", SUCCEEDED, succeeded=1)], cancel="stop"
    )
    assert (outcome(report), report.fail.failure.kind) == ("fail", common.ERROR_KIND_CANCELLED)


async def test_a_group_that_was_cancelled_on_request_is_thrown_as_cancelled() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel("g", [("far", Member.activity(fetch, 1))])

    report = await Coordinator(run).begin(None, cancelled("g/far"), groups=[group("g", CANCELLED)])
    assert (report.fail.failure.kind, report.fail.failure.code) == (common.ERROR_KIND_CANCELLED, "GROUP_CANCELLED")


async def test_a_member_recorded_as_another_kind_parks_the_run() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel("g", [("a", user)])

    report = await Coordinator(run).begin(None, completed("g/a", 1, ACTIVITY), groups=[group("g")])
    assert outcome(report) == "park"
    assert "'g/a'" in report.park.reason


async def test_suspension_in_a_group_is_not_seen_by_the_function() -> None:
    seen: list[BaseException] = []

    async def run(ctx: Context) -> str:
        try:
            await ctx.parallel("g", [("far", Member.activity(fetch, 1))])
        except BaseException as error:
            seen.append(error)
        return "done"

    coordinator = Coordinator(run)
    assert outcome(await coordinator.begin()) == "suspend"
    await coordinator.nothing()
    assert seen == []
    coordinator.run.drop()
    await coordinator.nothing()


async def test_coroutines_that_are_not_run_do_not_warn(recwarn: pytest.WarningsRecorder) -> None:
    async def run(ctx: Context) -> Any:
        return await ctx.parallel("g", ("user", user()), ("posts", posts()))

    await Coordinator(run).begin(
        None, completed("g/user", 1, LOCAL), completed("g/posts", 2, LOCAL), groups=[group("g", SUCCEEDED, succeeded=2)]
    )
    assert not [each for each in recwarn if "never awaited" in str(each.message)]


# What must not slip through


async def test_a_late_result_of_a_cut_off_member_is_not_its_result() -> None:
    async def run(ctx: Context) -> Any:
        executor = ParallelExecutor(ctx, "g")
        done = await asyncio.gather(
            executor.execute_step("late", user), executor.execute_activity("bad", fetch, 1), return_exceptions=True
        )
        return [f"{error.kind.name} {error.message}" for error in done if isinstance(error, StepError)]

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.answered()
    assert [each.key for each in report.results] == ["g/late"]
    resolved = group("g", FAILED, failed=1, failed_step="g/bad")
    report = await coordinator.answered(recorded("g/late"), groups=[resolved])
    assert outcome(report) == "suspend"
    bad = failed("g/bad", StepError(ErrorKind.TIMEOUT, "slow"))
    first = await coordinator.resume(bad, groups=[resolved])
    again = await coordinator.begin_again(None, bad, groups=[resolved])
    assert value(first.complete.output) == value(again.complete.output)
    assert len(value(first.complete.output)) == 2


async def test_a_failure_that_would_have_been_retried_is_cut_off_with_its_group() -> None:
    async def run(ctx: Context) -> Any:
        executor = ParallelExecutor(ctx, "g")
        done = await asyncio.gather(
            executor.execute_step("flaky", fails(ErrorKind.NETWORK_ERROR), retry=RetryPolicy.exponential()),
            executor.execute_step("bad", fails(message="declined")),
            return_exceptions=True,
        )
        return [error.code for error in done if isinstance(error, StepError)]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert len(report.results) == 2
    resolved = group("g", FAILED, failed=1, failed_step="g/bad")
    report = await coordinator.answered(recorded("g/flaky"), for_good("g/bad"), groups=[resolved])
    assert value(report.complete.output) == ["GROUP_CANCELLED", ""]


async def test_a_report_with_room_for_one_thing_opens_the_group_first() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel_vec("g", [(f"m{n}", Member.activity(fetch, n)) for n in range(2)])

    coordinator = Coordinator(run)
    coordinator.run.outbox.limit = 1
    sent = [keys(await coordinator.begin())]
    while len(sent) < 3:
        sent.append(keys(await coordinator.answered()))
    assert sent == [["g"], ["g/m0"], ["g/m1"]]


async def test_a_step_named_like_a_member_is_its_own_step() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel("g", [("a", Member.activity(fetch, 1))])
        await ctx.activity(fetch, 2, step="g/a")

    report = await Coordinator(run).begin(None, completed("g/a", "1"), groups=[group("g", SUCCEEDED, succeeded=1)])
    assert keys(report) == ["g/a#2"]


async def test_a_cancelled_run_opens_no_group() -> None:
    ran: list[str] = []

    async def work() -> None:
        ran.append("work")

    async def run(ctx: Context) -> None:
        try:
            await ctx.activity("far")
        except Cancelled:
            await ctx.parallel("g", [("a", work)])

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(cancel="stop")
    assert (outcome(report), report.fail.failure.kind, keys(report), ran) == ("fail", common.ERROR_KIND_CANCELLED, [], [])
