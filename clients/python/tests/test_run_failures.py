"""Failures, retries and version conflicts in a run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from scripted import ACTIVITY, LOCAL, Coordinator, completed, failed, for_good, in_state, outcome, recorded, retry, value

from kagzi import Context, ErrorKind, RetryPolicy, RetryPredicate, StepBuilder, StepError, activity, workflow
from kagzi._messages import common
from kagzi._messages import run as records


# Failures and retries


async def test_a_step_without_a_policy_fails_at_once_and_is_thrown() -> None:
    async def run(ctx: Context) -> str:
        try:
            await ctx.step("call", _refuse)
        except StepError as error:
            return f"{error.kind.name} {error.message}"
        return ""

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    result = report.results[0]
    assert result.failure.kind == common.ERROR_KIND_NETWORK_ERROR
    assert not result.HasField("retry_policy")
    report = await coordinator.answered(for_good("call"))
    assert value(report.complete.output) == "NETWORK_ERROR refused"


async def test_a_retry_in_place_runs_the_function_again() -> None:
    attempts = 0

    async def flaky() -> str:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ConnectionError("refused")
        return "done"

    async def run(ctx: Context) -> str:
        return await StepBuilder("call").retry_policy(RetryPolicy.fixed_with(10, 3)).execute(ctx, flaky)

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert report.results[0].retry_policy.max_attempts == 3
    report = await coordinator.answered(retry("call", 2, delay_ms=5))
    assert (report.results[0].attempt, report.results[0].HasField("failure")) == (2, True)
    report = await coordinator.answered(retry("call", 3, delay_ms=5))
    assert (report.results[0].attempt, value(report.results[0].output)) == (3, "done")
    report = await coordinator.answered(recorded("call"))
    assert value(report.complete.output) == "done"


async def test_a_long_retry_suspends_and_comes_back_with_a_later_task() -> None:
    outcomes: list[Any] = [ConnectionError("refused"), "done"]

    async def flaky() -> str:
        each = outcomes.pop(0)
        if isinstance(each, Exception):
            raise each
        return str(each)

    async def run(ctx: Context) -> str:
        return await ctx.step("call", flaky, retry=RetryPolicy.exponential())

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.answered(retry("call", 2, in_place=False, delay_ms=500))
    assert outcome(report) == "suspend"
    report = await coordinator.resume(in_state("call", records.STEP_STATE_RETRYING, LOCAL, attempt=2))
    assert (report.results[0].attempt, value(report.results[0].output)) == (2, "done")


async def test_a_replayed_retry_that_is_not_due_stays_suspended() -> None:
    async def run(ctx: Context) -> None:
        await ctx.step("call", _nothing, retry=RetryPolicy.exponential())

    coordinator = Coordinator(run)
    report = await coordinator.begin(None, in_state("call", records.STEP_STATE_RETRYING, LOCAL, attempt=3, delay=60))
    assert (outcome(report), len(report.results)) == ("suspend", 0)
    report = await coordinator.resume(in_state("call", records.STEP_STATE_RETRYING, LOCAL, attempt=3))
    assert report.results[0].attempt == 3


async def test_the_predicate_travels_with_the_policy() -> None:
    async def run(ctx: Context) -> None:
        await (
            ctx.step_builder("call")
            .retry_policy(RetryPolicy.exponential_with(1, 60, 3, 4, 0.1))
            .retry_predicate(RetryPredicate.on_error_kind([ErrorKind.RATE_LIMITED]))
            .execute(ctx, _refuse)
        )

    report = await Coordinator(run).begin()
    policy = report.results[0].retry_policy
    assert policy.predicate == common.RETRY_PREDICATE_ON_ERROR_KIND
    assert list(policy.kinds) == [common.ERROR_KIND_RATE_LIMITED]
    assert (policy.max_attempts, policy.max_interval.seconds, policy.multiplier) == (4, 60, 3)


async def test_a_failure_that_is_not_caught_fails_the_run_with_its_kind_and_causes() -> None:
    async def run(ctx: Context) -> None:
        try:
            await ctx.activity("pay")
        except StepError as error:
            raise ValueError("no payment") from error

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(failed("pay", StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "card declined", code="declined")))
    failure = report.fail.failure
    assert (failure.kind, failure.message, failure.source) == (common.ERROR_KIND_UNKNOWN, "no payment", "ValueError")
    assert (failure.causes[0].message, failure.causes[0].code) == ("card declined", "declined")
    assert "test_run_failures.py" in failure.stack_trace


async def test_a_result_that_is_no_json_is_a_failure_that_says_so() -> None:
    async def run(ctx: Context) -> None:
        await ctx.step("odd", object)

    report = await Coordinator(run).begin()
    assert report.results[0].failure.kind == common.ERROR_KIND_INVALID_INPUT
    assert "object" in report.results[0].failure.message


async def test_a_payload_over_the_limit_is_a_clear_failure() -> None:
    async def run(ctx: Context) -> None:
        await ctx.activity("store", b"x" * 2_000)

    coordinator = Coordinator(run)
    coordinator.max_payload_bytes = 1_000
    report = await coordinator.begin()
    assert report.fail.failure.kind == common.ERROR_KIND_INVALID_INPUT
    assert "2,000 bytes" in report.fail.failure.message


async def test_an_input_of_another_shape_fails_the_run() -> None:
    @dataclass
    class Order:
        amount: int

    definition = workflow("typed")(_takes(Order))
    report = await Coordinator(definition).begin({"amount": "many"})
    assert report.fail.failure.kind == common.ERROR_KIND_INVALID_INPUT


def _takes(hint: Any) -> Any:
    async def run(ctx: Context, order: Any) -> None: ...

    run.__annotations__["order"] = hint
    return run


# Version conflicts


async def test_a_step_recorded_as_another_kind_parks_the_run() -> None:
    async def run(ctx: Context) -> None:
        try:
            await ctx.step("pay", lambda: 1)
        except BaseException:
            await ctx.activity("refund")

    report = await Coordinator(run).begin(None, completed("pay", 1, ACTIVITY))
    assert outcome(report) == "park"
    assert "activity" in report.park.reason and "local" in report.park.reason


async def test_a_recorded_step_that_nobody_asks_for_parks_the_run() -> None:
    async def run(ctx: Context) -> int:
        return await ctx.activity("new")

    report = await Coordinator(run).begin(None, completed("old"), completed("new", 1))
    assert outcome(report) == "park"
    assert "'old'" in report.park.reason and "'new'" in report.park.reason


async def test_a_branch_that_is_left_behind_is_no_conflict() -> None:
    async def branch(ctx: Context) -> None:
        await ctx.activity("b1")
        await ctx.activity("b2")

    async def run(ctx: Context) -> str:
        asyncio.ensure_future(branch(ctx))
        await ctx.activity("a")
        return "done"

    report = await Coordinator(run).begin(None, completed("a"), completed("b2"))
    assert outcome(report) == "complete"


async def test_waiting_for_what_never_comes_parks_the_run() -> None:
    async def run(ctx: Context) -> None:
        await asyncio.Event().wait()

    report = await Coordinator(run).begin()
    assert outcome(report) == "park"


async def _nothing() -> None:
    return None


async def _refuse() -> None:
    raise ConnectionRefusedError("refused")
