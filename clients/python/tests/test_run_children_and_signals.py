"""Children, signals and runs that go on as new ones: what the function asks for and what it sees."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from scripted import (
    CHILD,
    LOCAL,
    SIGNAL,
    Coordinator,
    completed,
    failed,
    in_state,
    keys,
    outcome,
    recorded,
    value,
)

from kagzi import (
    Cancelled,
    Context,
    DuplicateStepName,
    ErrorKind,
    ParentClosePolicy,
    RetryPolicy,
    StepError,
    workflow,
)
from kagzi._messages import common, worker
from kagzi._messages import run as records


@dataclass
class Parcel:
    weight: int


@workflow("ship")
async def ship(ctx: Context, parcel: Parcel) -> Parcel:
    return parcel


# Children


async def test_a_child_is_a_step_with_the_result_of_its_run() -> None:
    async def run(ctx: Context) -> int:
        parcel = await ctx.child(ship, Parcel(3))
        return parcel.weight

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    start = report.commands[0].start_child
    assert (outcome(report), start.key, start.workflow_type, value(start.input)) == ("suspend", "ship", "ship", {"weight": 3})
    assert not start.HasField("workflow_version") and start.workflow_id == "" and start.parent_close_policy == 0
    report = await coordinator.resume(completed("ship", {"weight": 4}, CHILD))
    assert value(report.complete.output) == 4


async def test_a_childs_options_travel_with_it() -> None:
    async def run(ctx: Context) -> None:
        await ctx.child(
            "ship", 1, step="second", id="parcel-1", version=2, task_queue="far", run_timeout=60, retry=RetryPolicy.fixed(),
            parent_close_policy=ParentClosePolicy.ABANDON, tags={"order": "17"},
        )  # fmt: skip

    report = await Coordinator(run).begin()
    start = report.commands[0].start_child
    assert (start.key, start.workflow_id, start.workflow_version, start.task_queue) == ("second", "parcel-1", 2, "far")
    assert (start.run_timeout.seconds, start.retry_policy.max_attempts, dict(start.tags)) == (60, 3, {"order": "17"})
    assert start.parent_close_policy == worker.PARENT_CLOSE_POLICY_ABANDON


async def test_a_childs_failure_is_thrown_with_its_kind() -> None:
    async def run(ctx: Context) -> None:
        await ctx.child(ship, Parcel(1))

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(failed("ship", StepError(ErrorKind.NOT_FOUND, "no such address"), CHILD))
    assert (report.fail.failure.kind, report.fail.failure.message) == (common.ERROR_KIND_NOT_FOUND, "no such address")


async def test_a_child_that_the_function_gives_up_on_is_cancelled() -> None:
    async def run(ctx: Context) -> str:
        try:
            await asyncio.wait_for(ctx.child(ship, Parcel(1)), 0.01)
        except asyncio.TimeoutError:
            return "too slow"
        return ""

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.answered()
    assert [command.cancel_step.key for command in report.commands] == ["ship"]


async def test_what_is_no_workflow_is_refused() -> None:
    async def run(ctx: Context) -> None:
        await ctx.child(len)  # type: ignore[call-overload]

    report = await Coordinator(run).begin()
    assert "name a workflow" in report.fail.failure.message


# Signals


async def test_signals_of_a_name_are_taken_one_by_one() -> None:
    async def run(ctx: Context) -> list[Any]:
        return [await ctx.wait_for_signal("item", returns=Parcel) for _ in range(2)]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    wait = report.commands[0].await_signal
    assert (outcome(report), wait.key, wait.signal_name, wait.HasField("timeout")) == ("suspend", "item", "item", False)
    report = await coordinator.resume(completed("item", {"weight": 1}, SIGNAL))
    assert (report.commands[0].await_signal.key, report.commands[0].await_signal.signal_name) == ("item#2", "item")
    report = await coordinator.resume(completed("item#2", {"weight": 2}, SIGNAL))
    assert value(report.complete.output) == [{"weight": 1}, {"weight": 2}]


async def test_a_signal_that_does_not_come_in_time_is_none() -> None:
    async def run(ctx: Context) -> list[Any]:
        first = await ctx.wait_for_signal("approve", timeout=1.5)
        second = await ctx.wait_for_signal("approve", timeout=1.5, step="again")
        return [first, second]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (report.commands[0].await_signal.timeout.seconds, report.commands[0].await_signal.timeout.nanos) == (1, 500_000_000)
    timeout = StepError(ErrorKind.TIMEOUT, "no signal", code="SIGNAL_TIMEOUT")
    report = await coordinator.resume(failed("approve", timeout, SIGNAL))
    assert keys(report) == ["again"]
    report = await coordinator.resume(completed("again", "yes", SIGNAL))
    assert value(report.complete.output) == [None, "yes"]


async def test_signals_are_waited_for_beside_other_steps() -> None:
    async def run(ctx: Context) -> str:
        answers = await asyncio.gather(ctx.wait_for_signal("a"), ctx.wait_for_signal("b"), ctx.sleep("nap", 1))
        return f"{answers[0]}{answers[1]}"

    coordinator = Coordinator(run)
    report = await coordinator.begin(None, completed("b", "B", SIGNAL), in_state("a", records.STEP_STATE_WAITING, SIGNAL))
    assert keys(report) == ["nap"]
    report = await coordinator.resume(completed("a", "A", SIGNAL))
    report = await coordinator.resume(completed("nap", None, records.STEP_KIND_SLEEP))
    assert value(report.complete.output) == "AB"


async def test_two_waits_for_a_signal_at_once_need_names_of_their_own() -> None:
    async def run(ctx: Context) -> list[Any]:
        with pytest.raises(DuplicateStepName):
            await asyncio.gather(ctx.wait_for_signal("a"), ctx.wait_for_signal("a"))
        return await asyncio.gather(ctx.wait_for_signal("b", step="b1"), ctx.wait_for_signal("b", step="b2"))

    report = await Coordinator(run).begin()
    assert keys(report)[-2:] == ["b1", "b2"]


# Going on as a new run


async def test_continue_as_new_ends_the_run_with_the_input_of_the_next() -> None:
    async def run(ctx: Context, state: int) -> int:
        await ctx.step("work", lambda: 1)
        await ctx.continue_as_new(state + 1)

    coordinator = Coordinator(run)
    await coordinator.begin(1)
    report = await coordinator.answered(recorded("work"))
    assert (outcome(report), value(report.continue_as_new.input)) == ("continue_as_new", 2)
    assert not report.continue_as_new.HasField("workflow_version")
    assert coordinator.run.is_over


async def test_continue_as_new_may_pin_another_version() -> None:
    async def run(ctx: Context) -> None:
        await ctx.continue_as_new(version=3)

    report = await Coordinator(run).begin()
    assert report.continue_as_new.workflow_version == 3


async def test_continue_as_new_takes_what_was_gathered_along() -> None:
    async def run(ctx: Context) -> None:
        asyncio.ensure_future(ctx.activity("fire-and-forget"))
        await asyncio.sleep(0)
        await ctx.continue_as_new()

    report = await Coordinator(run).begin()
    assert (outcome(report), keys(report)) == ("continue_as_new", ["fire-and-forget"])


async def test_continue_as_new_cannot_be_swallowed() -> None:
    tries: list[str] = []

    async def run(ctx: Context) -> str:
        while True:
            try:
                await ctx.continue_as_new("next")
                tries.append("went on")
            except BaseException:
                tries.append("caught")
                await ctx.step("compensate", lambda: tries.append("compensated"))
            finally:
                tries.append("finally")
            return "swallowed"

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), value(report.continue_as_new.input)) == ("continue_as_new", "next")
    coordinator.answer()
    await coordinator.nothing()
    assert "compensated" not in tries and "went on" not in tries


async def test_a_cancelled_run_does_not_go_on_as_new() -> None:
    async def run(ctx: Context) -> None:
        try:
            await ctx.activity("far")
        except Cancelled:
            await ctx.continue_as_new()

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(cancel="stop")
    assert (outcome(report), report.fail.failure.kind) == ("fail", common.ERROR_KIND_CANCELLED)


async def test_going_on_without_asking_for_recorded_steps_is_a_version_conflict() -> None:
    async def run(ctx: Context) -> None:
        await ctx.continue_as_new()

    report = await Coordinator(run).begin(None, completed("old", 1, LOCAL))
    assert outcome(report) == "park"
    assert "'old'" in report.park.reason


# What cannot be caught


@pytest.mark.parametrize(
    "ask",
    [
        lambda ctx: ctx.activity("far"),
        lambda ctx: ctx.child("far"),
        lambda ctx: ctx.wait_for_signal("far"),
        lambda ctx: ctx.sleep("far", 60),
        lambda ctx: ctx.continue_as_new(),
    ],
    ids=["activity", "child", "signal", "sleep", "continue-as-new"],
)
async def test_a_function_that_catches_everything_cannot_swallow_a_suspension(ask: Any) -> None:
    did: list[str] = []

    async def run(ctx: Context) -> str:
        for _ in range(3):
            try:
                await ask(ctx)
            except BaseException:
                did.append("caught")
                try:
                    await ctx.step("compensate", lambda: did.append("compensated"))
                except BaseException:
                    did.append("caught again")
        return "swallowed"

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert outcome(report) in ("suspend", "continue_as_new")
    coordinator.answer()
    await coordinator.nothing()
    coordinator.run.drop()  # evicted from memory, or the worker ends
    await coordinator.nothing()
    assert "compensated" not in did
