"""A run's reports: steps and activities go out, their outcomes come back, on a replay as the first time."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

from scripted import LOCAL, SLEEP, SUCCEEDED, Coordinator, completed, failed, group, keys, outcome, recorded, value

from kagzi import Context, DuplicateStepName, ErrorKind, Member, RetryPolicy, StepError, activity
from kagzi._messages import common, worker


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


async def _nothing() -> None:
    return None
