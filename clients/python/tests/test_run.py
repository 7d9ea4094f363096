"""The state machine of a run: what it reports, how it replays, when it suspends, retries and cancels."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from scripted import (
    ACTIVITY,
    LOCAL,
    SLEEP,
    SUCCEEDED,
    Coordinator,
    completed,
    failed,
    for_good,
    group,
    in_state,
    keys,
    outcome,
    recorded,
    retry,
    value,
)

from kagzi import (
    Cancelled,
    Context,
    DuplicateStepName,
    ErrorKind,
    Member,
    RetryPolicy,
    RetryPredicate,
    StepBuilder,
    StepError,
    activity,
    workflow,
)
from kagzi._messages import common, worker
from kagzi._messages import run as records


async def test_a_function_without_steps_completes_in_one_report() -> None:
    async def hello(ctx: Context, name: str) -> str:
        return f"hello {name}"

    report = await Coordinator(hello).begin("ada")
    assert outcome(report) == "complete"
    assert value(report.complete.output) == "hello ada"


async def test_a_local_step_is_recorded_before_the_function_goes_on() -> None:
    went_on = []

    async def run(ctx: Context) -> int:
        result = await ctx.step("add", lambda: 2)
        went_on.append(result)
        return result + 1

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert outcome(report) == "continue"
    assert [(each.key, each.attempt, value(each.output)) for each in report.results] == [("add", 1, 2)]
    await coordinator.nothing()
    assert went_on == []
    report = await coordinator.answered(recorded("add"))
    assert (outcome(report), value(report.complete.output)) == ("complete", 3)


async def test_a_run_that_has_ended_is_freed_at_once() -> None:
    async def run(ctx: Context) -> list[int]:
        one, two = await asyncio.gather(ctx.activity("one"), ctx.step("two", lambda: 2))
        return [one, two, *await ctx.parallel("both", ("a", Member.activity("a")), ("b", Member.activity("b")))]

    async def play() -> weakref.ref[Any]:
        coordinator = Coordinator(run)
        await coordinator.begin()
        await coordinator.answered()
        await coordinator.answered(recorded("two"))
        coordinator.answer()
        await coordinator.resume(completed("one", 1))
        coordinator.answer()
        verdict = group("both", SUCCEEDED, succeeded=2)
        report = await coordinator.resume(completed("both/a", 3), completed("both/b", 4), groups=[verdict])
        assert value(report.complete.output) == [1, 2, 3, 4]
        coordinator.answer()
        ended = weakref.ref(coordinator.run)
        del coordinator.run
        return ended

    gc.collect()
    gc.disable()  # so that nothing but the counting of references frees it
    try:
        ended = await play()
        assert ended() is None
    finally:
        gc.enable()


async def test_an_activity_is_a_command_and_a_suspension_in_one_report() -> None:
    @activity("charge")
    async def charge(amount: int) -> str:
        return ""

    async def run(ctx: Context, amount: int) -> str:
        receipt = await ctx.activity(charge, amount, start_to_close_timeout=5, retry=RetryPolicy.fixed())
        return receipt.upper()

    coordinator = Coordinator(run)
    report = await coordinator.begin(12)
    assert outcome(report) == "suspend"
    assert report.suspend.sticky
    schedule = report.commands[0].schedule_activity
    assert (schedule.key, schedule.activity_type, value(schedule.input)) == ("charge", "charge", 12)
    assert schedule.start_to_close_timeout.seconds == 5
    assert schedule.retry_policy.max_attempts == 3
    assert not schedule.HasField("activity_version")
    coordinator.answer()
    report = await coordinator.resume(completed("charge", "r-1"))
    assert (outcome(report), value(report.complete.output)) == ("complete", "R-1")


async def test_a_delta_may_come_before_the_answer_to_the_suspension() -> None:
    async def run(ctx: Context) -> Any:
        return await ctx.activity("one")

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(completed("one", 1))
    assert value(report.complete.output) == 1


async def test_replay_returns_recorded_outcomes_without_running_anything() -> None:
    calls = []

    async def run(ctx: Context) -> list[Any]:
        first = await ctx.step("first", lambda: calls.append("first"))
        second = await ctx.activity("second")
        await ctx.sleep("third", 10)
        try:
            await ctx.step("fourth", lambda: calls.append("fourth"))
        except StepError as error:
            return [first, second, error.kind.name, error.message]
        return []

    report = await Coordinator(run).begin(
        None,
        completed("first", "one", LOCAL),
        completed("second", "two"),
        completed("third", None, SLEEP),
        failed("fourth", StepError(ErrorKind.NOT_FOUND, "gone"), LOCAL),
    )
    assert value(report.complete.output) == ["one", "two", "NOT_FOUND", "gone"]
    assert calls == []


async def test_the_kth_use_of_a_name_is_its_own_step() -> None:
    async def run(ctx: Context) -> list[int]:
        return [await ctx.activity("poll") for _ in range(3)]

    coordinator = Coordinator(run)
    report = await coordinator.begin(None, completed("poll", 1))
    assert keys(report) == ["poll#2"]
    report = await coordinator.resume(completed("poll#2", 2))
    assert keys(report) == ["poll#3"]
    report = await coordinator.resume(completed("poll#3", 3))
    assert value(report.complete.output) == [1, 2, 3]


async def test_two_uses_of_a_name_at_once_are_an_error() -> None:
    async def run(ctx: Context) -> None:
        await asyncio.gather(ctx.activity("same"), ctx.activity("same"))

    report = await Coordinator(run).begin()
    assert outcome(report) == "fail"
    failure = report.fail.failure
    assert (failure.source, failure.code) == ("DuplicateStepName", "DUPLICATE_STEP_NAME")
    assert failure.kind == common.ERROR_KIND_INVALID_INPUT and "same" in failure.message


async def test_gathered_activities_go_out_together() -> None:
    async def run(ctx: Context) -> list[int]:
        return list(await asyncio.gather(*(ctx.activity("fetch", n, step=f"fetch-{n}") for n in range(3))))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("suspend", ["fetch-0", "fetch-1", "fetch-2"])
    report = await coordinator.resume(completed("fetch-1", 1))
    assert (outcome(report), keys(report)) == ("suspend", [])
    report = await coordinator.resume(completed("fetch-2", 2), completed("fetch-0", 0))
    assert value(report.complete.output) == [0, 1, 2]


async def test_gathered_local_steps_run_at_the_same_time() -> None:
    barrier = asyncio.Event()

    async def first() -> str:
        await barrier.wait()
        return "first"

    async def second() -> str:
        barrier.set()
        return "second"

    async def run(ctx: Context) -> list[str]:
        return list(await asyncio.gather(ctx.step("a", first), ctx.step("b", second)))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    found = [result.key for result in report.results]
    while len(found) < 2:
        report = await coordinator.answered(*(recorded(key) for key in found))
        found += [result.key for result in report.results]
    report = await coordinator.answered(recorded("a"), recorded("b"))
    assert value(report.complete.output) == ["first", "second"]


async def test_only_one_report_is_in_flight_and_the_next_takes_all_that_is_ready() -> None:
    async def run(ctx: Context) -> None:
        await asyncio.gather(*(ctx.step(f"s{n}", _nothing) for n in range(5)))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    first = {result.key for result in report.results}
    await coordinator.nothing()
    report = await coordinator.answered()
    rest = {result.key for result in report.results}
    assert first | rest == {"s0", "s1", "s2", "s3", "s4"}
    assert len(rest) == 5 - len(first)


async def test_commands_go_out_while_a_local_step_still_runs() -> None:
    release = asyncio.Event()

    async def slow() -> None:
        await release.wait()

    async def run(ctx: Context) -> None:
        await asyncio.gather(ctx.activity("far"), ctx.step("near", slow))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("continue", ["far"])
    coordinator.answer()
    await coordinator.nothing()
    release.set()
    report = await coordinator.report()
    assert [result.key for result in report.results] == ["near"]
    report = await coordinator.answered(recorded("near"))
    assert outcome(report) == "suspend"


async def test_more_commands_than_fit_go_out_in_several_reports() -> None:
    async def run(ctx: Context) -> None:
        await asyncio.gather(*(ctx.activity("fetch", step=f"fetch-{n}") for n in range(5)))

    coordinator = Coordinator(run)
    coordinator.max_report_items = 2
    coordinator.run.outbox.limit = 2
    report = await coordinator.begin()
    assert (outcome(report), len(report.commands)) == ("continue", 2)
    report = await coordinator.answered()
    assert (outcome(report), len(report.commands)) == ("continue", 2)
    report = await coordinator.answered()
    assert (outcome(report), len(report.commands)) == ("suspend", 1)


async def test_a_report_refused_for_its_size_is_sent_again_in_parts() -> None:
    async def run(ctx: Context) -> None:
        await asyncio.gather(*(ctx.activity("fetch", step=f"fetch-{n}") for n in range(4)))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert len(report.commands) == 4
    await coordinator.rejected(worker.REJECTION_REASON_LIMIT)
    report = await coordinator.report()
    assert (outcome(report), len(report.commands)) == ("continue", 2)
    report = await coordinator.answered()
    assert (outcome(report), len(report.commands)) == ("suspend", 2)


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
    assert "test_run.py" in failure.stack_trace


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


async def _refuse() -> None:
    raise ConnectionRefusedError("refused")
