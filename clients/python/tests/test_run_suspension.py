"""Runs that are suspended, dropped and cancelled."""

from __future__ import annotations

import asyncio
import gc

import pytest
from scripted import SLEEP, Coordinator, completed, in_state, keys, outcome, recorded, value

from kagzi import Cancelled, Context
from kagzi._messages import common, worker
from kagzi._messages import run as records


# Suspension, dropping


async def test_suspension_is_not_seen_by_the_function() -> None:
    seen = []

    async def run(ctx: Context) -> str:
        try:
            await ctx.activity("far")
        except BaseException as error:
            seen.append(error)
            raise
        finally:
            seen.append("finally")
        return "done"

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.nothing()
    assert seen == []
    report = await coordinator.resume(completed("far"))
    assert (outcome(report), seen) == ("complete", ["finally"])


async def test_a_dropped_function_has_no_effect_any_more() -> None:
    tries = []

    async def run(ctx: Context) -> None:
        try:
            await ctx.activity("far")
        except BaseException:
            tries.append("compensate")
            await ctx.step("compensate", lambda: tries.append("compensated"))
        finally:
            await ctx.activity("release")

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.run.drop()
    await coordinator.nothing()
    gc.collect()
    await coordinator.nothing()
    assert tries == ["compensate"]


async def test_dropping_ends_the_tasks_of_gathered_steps_silently(caplog: pytest.LogCaptureFixture) -> None:
    async def run(ctx: Context) -> None:
        await asyncio.gather(*(ctx.activity("fetch", step=f"f{n}") for n in range(3)))

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.run.drop()
    del coordinator
    gc.collect()
    assert caplog.records == []


async def test_a_lost_lease_ends_the_function() -> None:
    async def run(ctx: Context) -> None:
        await ctx.step("one", _nothing)
        await ctx.step("two", _nothing)

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.rejected(worker.REJECTION_REASON_LEASE_LOST)
    await coordinator.nothing()
    assert coordinator.run.is_over


async def test_a_report_refused_as_invalid_gives_the_task_back_once() -> None:
    async def run(ctx: Context) -> None:
        await ctx.activity("one")

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.rejected(worker.REJECTION_REASON_INVALID)
    assert outcome(await coordinator.report()) == "give_back"
    await coordinator.rejected(worker.REJECTION_REASON_INVALID)
    await coordinator.nothing()


# Cancellation


async def test_cancellation_is_thrown_into_the_step_that_waits_and_cleanup_runs() -> None:
    async def run(ctx: Context) -> None:
        try:
            await ctx.activity("far")
        except Cancelled:
            assert ctx.is_cancelled
            async with ctx.uncancellable():
                await asyncio.gather(ctx.activity("refund"), ctx.sleep("pause", 1))
            raise

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(cancel="by hand")
    assert (outcome(report), sorted(keys(report))) == ("suspend", ["pause", "refund"])
    report = await coordinator.resume(completed("refund"), completed("pause", None, SLEEP), cancel="by hand")
    assert outcome(report) == "fail"
    assert (report.fail.failure.kind, report.fail.failure.message) == (common.ERROR_KIND_CANCELLED, "by hand")


async def test_a_running_async_step_is_cancelled_and_a_running_function_is_told() -> None:
    started = asyncio.Event()
    ended = []

    async def slow() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("closed")

    async def run(ctx: Context) -> None:
        await ctx.step("slow", slow)

    coordinator = Coordinator(run)
    coordinator.run.begin(coordinator.task(None, ()), [])
    await started.wait()
    coordinator.run.cancel("enough")
    report = await coordinator.report()
    assert (outcome(report), report.fail.failure.kind) == ("fail", common.ERROR_KIND_CANCELLED)
    assert (ended, len(report.results)) == (["closed"], 0)


async def test_work_that_completes_although_cancelled_is_recorded() -> None:
    async def stubborn() -> str:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "done all the same"
        return ""

    async def run(ctx: Context) -> None:
        await ctx.step("stubborn", stubborn)
        await ctx.activity("next")

    started = asyncio.Event()
    coordinator = Coordinator(run)
    coordinator.run.begin(coordinator.task(None, ()), [])
    await started.wait()
    coordinator.run.cancel("enough")
    report = await coordinator.report()
    assert value(report.results[0].output) == "done all the same"
    report = await coordinator.answered(recorded("stubborn"))
    assert (outcome(report), keys(report)) == ("fail", [])


async def test_a_replay_of_a_cancelled_run_sees_the_same() -> None:
    async def run(ctx: Context) -> str:
        await ctx.activity("first")
        try:
            await ctx.activity("second")
        except Cancelled:
            async with ctx.uncancellable():
                return str(await ctx.activity("second"))
        return ""

    second = in_state("second", records.STEP_STATE_CANCELLED)
    report = await Coordinator(run).begin(None, completed("first"), second, cancel="stop")
    assert keys(report) == ["second#2"]
    report = await Coordinator(run).begin(None, completed("first"), second, completed("second#2", "ok"), cancel="stop")
    assert value(report.complete.output) == "ok"


async def test_a_suspended_run_that_is_told_to_cancel_waits_for_its_task() -> None:
    async def run(ctx: Context) -> None:
        await ctx.activity("far")

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.run.cancel("told")
    await coordinator.nothing()
    report = await coordinator.resume(cancel="told")
    assert report.fail.failure.kind == common.ERROR_KIND_CANCELLED


async def _nothing() -> None:
    return None
