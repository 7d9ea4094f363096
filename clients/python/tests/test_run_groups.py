"""Parallel groups in a run: how they are opened, joined, replayed, cut off and cancelled."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from scripted import (
    ACTIVITY,
    CANCELLED,
    CHILD,
    DEADLINE,
    FAILED,
    LOCAL,
    SUCCEEDED,
    Coordinator,
    cancelled,
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
    ErrorKind,
    GroupFailed,
    Member,
    ParallelErrorStrategy,
    ParallelExecutor,
    RetryPolicy,
    StepError,
    activity,
    workflow,
)
from kagzi._messages import common, worker
from kagzi._messages import run as records


@activity("fetch")
async def fetch(n: int) -> str:
    return f"page {n}"


@workflow("ship")
async def ship(ctx: Context, n: int) -> str:
    return f"parcel {n}"


async def user() -> dict[str, str]:
    return {"name": "ada"}


async def posts() -> list[str]:
    return ["first"]


def comments() -> int:
    return 3


def fails(kind: ErrorKind = ErrorKind.BUSINESS_LOGIC_ERROR, message: str = "no") -> Callable[[], Any]:
    async def fail() -> None:
        raise StepError(kind, message)

    return fail


# Opening and joining


async def test_checklist_13_a_tuple_of_members_goes_out_as_a_group_and_comes_back_in_order() -> None:
    async def run(ctx: Context) -> Any:
        found_user, found_posts = await ctx.parallel("data", ("user", user), ("posts", posts))
        return [found_user["name"], found_posts]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert outcome(report) == "continue"
    opening = report.commands[0].open_group
    assert (opening.key, opening.strategy, opening.member_count) == ("data", records.GROUP_STRATEGY_FAIL_FAST, 2)
    assert [(each.key, each.group) for each in report.results] == [("data/user", "data"), ("data/posts", "data")]
    report = await coordinator.answered(
        recorded("data/user"), recorded("data/posts"), groups=[group("data", SUCCEEDED, succeeded=2)]
    )
    assert value(report.complete.output) == ["ada", ["first"]]


async def test_checklist_13_keywords_name_members_and_results() -> None:
    async def run(ctx: Context) -> Any:
        found = await ctx.parallel("data", user=user, count=comments)
        first, second = found
        assert len(found) == 2 and found["user"] == found[0] == first
        with pytest.raises(AttributeError, match="no member 'other'"):
            _ = found.other
        return [found.user["name"], found.count, second]

    coordinator = Coordinator(run)
    report = await coordinator.begin(
        None,
        completed("data/user", {"name": "eve"}, LOCAL),
        completed("data/count", 4, LOCAL),
        groups=[group("data", SUCCEEDED, succeeded=2)],
    )
    assert value(report.complete.output) == ["eve", 4, 4]


async def test_checklist_13_a_list_of_any_length_gives_results_in_its_order() -> None:
    async def run(ctx: Context) -> list[str]:
        return await ctx.parallel_vec("pages", [(f"p{n}", Member.activity(fetch, n)) for n in range(12)])

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert outcome(report) == "suspend"
    assert keys(report) == ["pages", *(f"pages/p{n}" for n in range(12))]
    schedule = report.commands[3].schedule_activity
    assert (schedule.activity_type, schedule.group, value(schedule.input)) == ("fetch", "pages", 2)
    settled = [completed(f"pages/p{n}", f"page {n}") for n in reversed(range(12))]
    report = await coordinator.resume(*settled, groups=[group("pages", SUCCEEDED, succeeded=12)])
    assert value(report.complete.output) == [f"page {n}" for n in range(12)]


async def test_checklist_13_more_than_ten_members_one_by_one_are_refused_with_advice() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel("many", *((f"m{n}", user) for n in range(11)))

    report = await Coordinator(run).begin()
    assert (outcome(report), list(report.commands)) == ("fail", [])
    assert "parallel_vec" in report.fail.failure.message


async def test_checklist_13_an_empty_list_is_an_empty_result_and_costs_nothing() -> None:
    async def run(ctx: Context) -> Any:
        collected = await ctx.collect("c", [])
        assert collected.is_success
        return [await ctx.parallel("a", []), await ctx.parallel_vec("b", []), len(await ctx.parallel("d"))]

    report = await Coordinator(run).begin()
    assert (outcome(report), list(report.commands)) == ("complete", [])
    assert value(report.complete.output) == [[], [], 0]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda ctx: ctx.race("r", []), "has no members"),
        (lambda ctx: ctx.collect("q", [("a", user)], quorum=2), "a quorum of 2"),
        (lambda ctx: ctx.parallel("p", ("a", user), ("a", posts)), "named 'a'"),
        (lambda ctx: ctx.parallel("p", [("a", user)], max_concurrency=0), "at least 1"),
        (lambda ctx: ctx.parallel("p", [("a", user)], deadline=0), "longer than zero"),
        (lambda ctx: ctx.parallel("p", [("a", 17)]), "needs a function"),
        (lambda ctx: ctx.parallel_vec("p", [(f"{n}", fetch) for n in range(20_001)]), "20,000"),
        (lambda ctx: ctx.parallel(17, ("a", user), ("b", user)), "a group's name"),
        (lambda ctx: ctx.parallel("p", user), "a pair"),
    ],
)
async def test_checklist_13_what_cannot_be_a_group_fails_before_anything_is_sent(ask: Any, message: str) -> None:
    async def run(ctx: Context) -> None:
        await ask(ctx)

    report = await Coordinator(run).begin()
    assert (outcome(report), list(report.commands), list(report.results)) == ("fail", [], [])
    assert message in report.fail.failure.message


async def test_checklist_14_members_run_at_the_same_time_and_are_reported_together() -> None:
    async def nap() -> int:
        await asyncio.sleep(0.05)
        return 1

    async def run(ctx: Context) -> int:
        return sum(await ctx.parallel_vec("naps", [(f"n{n}", nap) for n in range(20)]))

    coordinator = Coordinator(run)
    begun = time.monotonic()
    report = await coordinator.begin()
    assert time.monotonic() - begun < 0.5  # one after the other takes a second
    assert len(report.results) == 20
    report = await coordinator.answered(
        *(recorded(each.key) for each in report.results), groups=[group("naps", SUCCEEDED, succeeded=20)]
    )
    assert value(report.complete.output) == 20


async def test_checklist_14_members_that_are_not_async_run_at_the_same_time_too() -> None:
    meeting = threading.Barrier(3)

    def meet() -> int:
        meeting.wait(5)
        return 1

    async def run(ctx: Context) -> int:
        return sum(await ctx.parallel_vec("meet", [(f"n{n}", meet) for n in range(3)]))

    coordinator = Coordinator(run)
    coordinator.executor = ThreadPoolExecutor(3)
    found = list((await coordinator.begin()).results)
    while len(found) < 3:
        found += (await coordinator.answered()).results
    report = await coordinator.answered(groups=[group("meet", SUCCEEDED, succeeded=3)])
    assert value(report.complete.output) == 3


async def test_checklist_14_after_a_crash_only_unfinished_members_run_again() -> None:
    calls: list[str] = []

    def step(name: str) -> Callable[[], Any]:
        async def call() -> str:
            calls.append(name)
            return name

        return call

    async def run(ctx: Context) -> list[str]:
        return await ctx.parallel_vec("g", [(name, step(name)) for name in "abc"] + [("d", Member.activity("remote"))])

    report = await Coordinator(run).begin(
        None,
        completed("g/a", "recorded a", LOCAL),
        in_state("g/d", records.STEP_STATE_RUNNING),
        groups=[group("g")],
    )
    assert calls == ["b", "c"]
    assert (outcome(report), keys(report)) == ("continue", [])
    assert [each.key for each in report.results] == ["g/b", "g/c"]


async def test_checklist_14_a_mixed_group_waits_for_the_outcomes_that_are_not_here_yet() -> None:
    async def run(ctx: Context) -> Any:
        return await ctx.parallel("mix", ("here", user), ("there", Member.activity(fetch, 1)), ("child", Member.child(ship, 2)))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("continue", ["mix", "mix/there", "mix/child"])
    assert report.commands[2].start_child.group == "mix"
    coordinator.answer()
    report = await coordinator.report()
    assert [each.key for each in report.results] == ["mix/here"]
    # The activity and the child ended meanwhile: the local member's report resolves the group.
    report = await coordinator.answered(recorded("mix/here"), groups=[group("mix", SUCCEEDED, succeeded=3)])
    assert outcome(report) == "suspend"
    report = await coordinator.resume(completed("mix/there", "page 1"), completed("mix/child", "parcel 2", CHILD))
    assert value(report.complete.output) == [{"name": "ada"}, "page 1", "parcel 2"]


async def test_a_group_is_opened_by_the_report_of_its_first_member_only() -> None:
    release = asyncio.Event()

    async def slow() -> int:
        await release.wait()
        return 2

    async def run(ctx: Context) -> list[int]:
        return await ctx.parallel_vec("g", [("slow", slow), ("fast", comments)])

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (keys(report), [each.key for each in report.results]) == (["g"], ["g/fast"])
    coordinator.answer(recorded("g/fast"))
    await coordinator.nothing()
    release.set()
    report = await coordinator.report()
    assert (keys(report), [each.key for each in report.results]) == ([], ["g/slow"])


async def test_a_deadline_counts_from_the_call_so_the_group_is_opened_at_once() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel("g", [("slow", asyncio.Event().wait)], deadline=1.5, max_concurrency=3, parent_step="load")

    report = await Coordinator(run).begin()
    assert (outcome(report), keys(report)) == ("continue", ["g"])
    opening = report.commands[0].open_group
    assert (opening.deadline.seconds, opening.deadline.nanos) == (1, 500_000_000)
    assert (opening.max_concurrency, opening.parent_step) == (3, "load")


async def test_a_group_larger_than_a_report_goes_out_in_parts_and_is_opened_by_the_first() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel_vec("g", [(f"m{n}", Member.activity(fetch, n)) for n in range(5)])

    coordinator = Coordinator(run)
    coordinator.run.outbox.limit = 3
    report = await coordinator.begin()
    assert (outcome(report), keys(report)) == ("continue", ["g", "g/m0", "g/m1"])
    report = await coordinator.answered()
    assert (outcome(report), keys(report)) == ("suspend", ["g/m2", "g/m3", "g/m4"])


async def test_a_refused_report_opens_its_group_again() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel_vec("g", [(f"m{n}", Member.activity(fetch, n)) for n in range(3)])

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.rejected(worker.REJECTION_REASON_LIMIT)
    report = await coordinator.report()
    assert (outcome(report), keys(report)) == ("continue", ["g", "g/m0"])


async def test_the_kth_group_of_a_name_is_its_own_and_so_are_its_members() -> None:
    async def run(ctx: Context) -> list[Any]:
        return [await ctx.parallel_vec("g", [("a", Member.activity(fetch, n))]) for n in range(2)]

    coordinator = Coordinator(run)
    report = await coordinator.begin(None, completed("g/a", "one"), groups=[group("g", SUCCEEDED, succeeded=1)])
    assert keys(report) == ["g#2", "g#2/a"]
    report = await coordinator.resume(completed("g#2/a", "two"), groups=[group("g#2", SUCCEEDED, succeeded=1)])
    assert value(report.complete.output) == [["one"], ["two"]]


async def test_two_groups_of_a_name_at_once_are_an_error() -> None:
    async def run(ctx: Context) -> None:
        await asyncio.gather(ctx.parallel("g", [("a", fetch)]), ctx.parallel("g", [("b", fetch)]))

    report = await Coordinator(run).begin()
    assert report.fail.failure.source == "DuplicateStepName"


async def test_groups_run_side_by_side_and_beside_steps() -> None:
    async def run(ctx: Context) -> Any:
        return await asyncio.gather(
            ctx.parallel("g", [("a", Member.activity(fetch, 1))]),
            ctx.parallel("h", [("a", Member.activity(fetch, 2))]),
            ctx.activity(fetch, 3),
        )

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert keys(report) == ["g", "g/a", "h", "h/a", "fetch"]
    report = await coordinator.resume(completed("h/a", "2"), groups=[group("h", SUCCEEDED, succeeded=1)])
    assert (outcome(report), keys(report)) == ("suspend", [])
    report = await coordinator.resume(completed("fetch", "3"), completed("g/a", "1"), groups=[group("g", SUCCEEDED, succeeded=1)])
    assert value(report.complete.output) == [["1"], ["2"], "3"]


async def test_at_most_max_concurrency_local_members_run_at_a_time() -> None:
    running, most = 0, 0

    async def work() -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1
        return 1

    async def run(ctx: Context) -> int:
        return sum(await ctx.parallel_vec("g", [(f"m{n}", work) for n in range(10)], max_concurrency=3))

    coordinator = Coordinator(run)
    found = list((await coordinator.begin()).results)
    while len(found) < 10:
        found += (await coordinator.answered()).results
    report = await coordinator.answered(groups=[group("g", SUCCEEDED, succeeded=10)])
    assert (value(report.complete.output), most) == (10, 3)


# Failures


async def test_checklist_12_fail_fast_throws_the_members_failure_and_ends_the_others() -> None:
    ended: list[str] = []
    started = asyncio.Event()

    async def slow() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("slow")

    async def run(ctx: Context) -> str:
        try:
            await ctx.parallel("g", ("slow", slow), ("bad", fails(message="declined")), ("far", Member.activity(fetch, 1)))
        except StepError as error:
            return f"{error.kind.name} {error.message}"
        return ""

    coordinator = Coordinator(run)
    await coordinator.begin()
    await started.wait()
    report = await coordinator.answered()
    assert [each.key for each in report.results] == ["g/bad"]
    resolved = group("g", FAILED, failed=1, failed_step="g/bad")
    report = await coordinator.answered(for_good("g/bad"), groups=[resolved])
    assert value(report.complete.output) == "BUSINESS_LOGIC_ERROR declined"
    await coordinator.nothing()
    assert ended == ["slow"]
    report = await coordinator.begin_again(
        None,
        cancelled("g/slow", LOCAL),
        failed("g/bad", StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "declined"), LOCAL),
        cancelled("g/far"),
        groups=[resolved],
    )
    assert value(report.complete.output) == "BUSINESS_LOGIC_ERROR declined"
    assert ended == ["slow"]


async def test_a_loser_in_a_thread_does_not_keep_the_run_from_suspending() -> None:
    release = threading.Event()

    async def run(ctx: Context) -> str:
        winner, _ = await ctx.race("g", [("thread", release.wait), ("quick", user)])
        return str(await ctx.activity("next")) + winner

    coordinator = Coordinator(run)
    coordinator.executor = ThreadPoolExecutor(1)
    await coordinator.begin()
    report = await coordinator.answered(recorded("g/quick"), groups=[group("g", SUCCEEDED, winner="g/quick", succeeded=1)])
    assert (outcome(report), keys(report)) == ("suspend", ["next"])
    release.set()
    await coordinator.nothing()


async def test_checklist_12_a_member_is_retried_before_it_counts_as_failed() -> None:
    attempts = 0

    async def flaky() -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ConnectionError("refused")
        return attempts

    async def run(ctx: Context) -> list[int]:
        return await ctx.parallel("g", [("flaky", Member.step(flaky, retry=RetryPolicy.fixed_with(10, 3)))])

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (report.results[0].retry_policy.max_attempts, report.results[0].group) == (3, "g")
    report = await coordinator.answered(retry("g/flaky", 2, delay_ms=1))
    assert (report.results[0].attempt, report.results[0].group) == (2, "g")
    report = await coordinator.answered(retry("g/flaky", 3, in_place=False))
    assert outcome(report) == "suspend"
    report = await coordinator.resume(in_state("g/flaky", records.STEP_STATE_RETRYING, LOCAL, attempt=3))
    assert (report.results[0].attempt, value(report.results[0].output)) == (3, 3)
    report = await coordinator.answered(recorded("g/flaky"), groups=[group("g", SUCCEEDED, succeeded=1)])
    assert value(report.complete.output) == [3]


async def test_checklist_12_collect_gives_results_and_errors_by_name() -> None:
    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", [("a", Member.activity(fetch, 1)), ("b", Member.activity(fetch, 2)), ("c", fetch)])
        assert not result.is_success
        assert result.first_error is result.errors["b"]
        with pytest.raises(StepError, match="gone"):
            result.into_result()
        return [result.results, {name: error.message for name, error in result.errors.items()}, list(result.unfinished)]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert report.commands[0].open_group.strategy == records.GROUP_STRATEGY_COLLECT_ALL
    report = await coordinator.resume(
        completed("g/a", "1"),
        failed("g/b", StepError(ErrorKind.NOT_FOUND, "gone")),
        completed("g/c", "3"),
        groups=[group("g", SUCCEEDED, succeeded=2, failed=1)],
    )
    assert value(report.complete.output) == [{"a": "1", "c": "3"}, {"b": "gone"}, []]


async def test_a_quorum_gives_what_succeeded_and_leaves_the_rest() -> None:
    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", [(name, Member.activity(fetch, 1)) for name in "abcd"], quorum=2)
        return [result.is_success, result.into_result(), list(result.errors), list(result.unfinished)]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    opening = report.commands[0].open_group
    assert (opening.strategy, opening.quorum) == (records.GROUP_STRATEGY_QUORUM, 2)
    report = await coordinator.resume(
        completed("g/b", "b"),
        failed("g/c", StepError(ErrorKind.TIMEOUT, "late")),
        completed("g/d", "d"),
        cancelled("g/a"),
        groups=[group("g", SUCCEEDED, succeeded=2, failed=1)],
    )
    assert value(report.complete.output) == [True, ["b", "d"], ["c"], ["a"]]


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_a_quorums_result_that_may_be_late_counts_only_if_it_is_recorded(is_recorded: bool) -> None:
    async def run(ctx: Context) -> Any:
        result = await ctx.collect(
            "g", [("here", user), ("a", Member.activity(fetch, 1)), ("b", Member.activity(fetch, 2))], quorum=2
        )
        return [list(result.results), list(result.unfinished)]

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.answered()
    resolved = group("g", SUCCEEDED, succeeded=2)
    report = await coordinator.answered(recorded("g/here"), groups=[resolved])
    assert outcome(report) == "suspend"
    last = cancelled("g/b") if is_recorded else completed("g/b", "2")
    report = await coordinator.resume(completed("g/a", "1"), last, groups=[resolved])
    expected = [["here", "a"], ["b"]] if is_recorded else [["a", "b"], ["here"]]
    assert value(report.complete.output) == expected


async def test_a_deadline_gives_what_is_there_and_a_late_result_does_not_count() -> None:
    release = asyncio.Event()

    async def slow() -> str:
        await release.wait()
        return "too late"

    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", [("slow", slow), ("fast", comments)], deadline=0.1)
        return [result.is_success, result.results, list(result.unfinished)]

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.answered(groups=[])  # the fast one's result
    coordinator.answer(recorded("g/fast"))
    release.set()
    report = await coordinator.report()
    assert [each.key for each in report.results] == ["g/slow"]
    report = await coordinator.answered(recorded("g/slow"), groups=[group("g", DEADLINE, succeeded=1)])
    assert value(report.complete.output) == [False, {"fast": 3}, ["slow"]]


async def test_a_deadline_of_parallel_is_thrown_as_a_timeout() -> None:
    async def run(ctx: Context) -> None:
        await ctx.parallel("g", [("a", Member.activity(fetch, 1))], deadline=1)

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.resume(cancelled("g/a"), groups=[group("g", DEADLINE)])
    assert (report.fail.failure.kind, report.fail.failure.code) == (common.ERROR_KIND_TIMEOUT, "GROUP_DEADLINE")


# Races


async def test_checklist_15_the_recorded_winner_wins_on_every_replay() -> None:
    async def run(ctx: Context) -> Any:
        return await ctx.race("r", [("a", Member.activity(fetch, 1)), ("b", Member.activity(fetch, 2))])

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert report.commands[0].open_group.strategy == records.GROUP_STRATEGY_RACE
    resolved = group("r", SUCCEEDED, winner="r/b", succeeded=2)
    report = await coordinator.resume(completed("r/a", "1"), completed("r/b", "2"), groups=[resolved])
    assert value(report.complete.output) == ["b", "2"]
    report = await coordinator.begin_again(None, completed("r/b", "2"), completed("r/a", "1"), groups=[resolved])
    assert value(report.complete.output) == ["b", "2"]


async def test_checklist_15_a_result_that_comes_after_the_race_changes_nothing() -> None:
    async def run(ctx: Context) -> Any:
        return await ctx.race("r", [("here", user), ("far", Member.activity(fetch, 1))])

    coordinator = Coordinator(run)
    await coordinator.begin()
    report = await coordinator.answered()
    assert [each.key for each in report.results] == ["r/here"]
    resolved = group("r", SUCCEEDED, winner="r/far", succeeded=1)
    report = await coordinator.answered(recorded("r/here"), groups=[resolved])
    assert outcome(report) == "suspend"
    report = await coordinator.resume(completed("r/far", "1"), cancelled("r/here", LOCAL))
    assert value(report.complete.output) == ["far", "1"]


async def test_checklist_15_losers_are_cancelled() -> None:
    ended: list[str] = []
    started = asyncio.Event()

    async def slow() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("slow")

    async def run(ctx: Context) -> str:
        winner, _ = await ctx.race("r", [("slow", slow), ("quick", user)])
        return winner

    coordinator = Coordinator(run)
    await coordinator.begin()
    await started.wait()
    report = await coordinator.answered(recorded("r/quick"), groups=[group("r", SUCCEEDED, winner="r/quick", succeeded=1)])
    assert value(report.complete.output) == "quick"
    await coordinator.nothing()
    assert ended == ["slow"]


async def test_checklist_15_when_all_fail_one_error_names_each() -> None:
    async def run(ctx: Context) -> None:
        try:
            await ctx.race("r", [("a", fails(message="no a")), ("b", fails(message="no b"))])
        except GroupFailed as error:
            assert list(error.errors) == ["a", "b"]
            raise

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert len(report.results) == 2
    report = await coordinator.answered(for_good("r/a"), for_good("r/b"), groups=[group("r", FAILED, failed=2)])
    failure = report.fail.failure
    assert failure.kind == common.ERROR_KIND_BUSINESS_LOGIC_ERROR
    assert failure.message == "all 2 members of race 'r' failed: a: no a; b: no b"
    assert (failure.code, dict(failure.context)) == (
        "GROUP_FAILED",
        {"a": "BUSINESS_LOGIC_ERROR: no a", "b": "BUSINESS_LOGIC_ERROR: no b"},
    )


# The executor


async def test_checklist_12_the_executors_members_come_one_by_one_from_concurrent_tasks() -> None:
    async def run(ctx: Context) -> Any:
        executor = ParallelExecutor(ctx, "data")
        first, second, third = await asyncio.gather(
            executor.execute_step("user", user),
            executor.execute_activity("page", fetch, 7),
            executor.execute_child("ship", ship, 8),
        )
        assert executor.results().into_result() == [first, second, third]
        return [first["name"], second, third, await executor.execute_step("more", comments)]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert keys(report) == ["data", "data/page", "data/ship"]
    assert report.commands[0].open_group.member_count == 0
    report = await coordinator.answered()
    assert [(each.key, each.group) for each in report.results] == [("data/user", "data")]
    report = await coordinator.answered(recorded("data/user"))
    assert outcome(report) == "suspend"
    report = await coordinator.resume(completed("data/page", "p"), completed("data/ship", "s", CHILD))
    assert (keys(report), [each.key for each in report.results]) == ([], ["data/more"])
    report = await coordinator.answered(recorded("data/more"))
    assert value(report.complete.output) == ["ada", "p", "s", 3]


async def test_checklist_12_a_group_named_by_a_fresh_uuid_is_the_same_on_every_replay() -> None:
    async def run(ctx: Context) -> Any:
        first = ParallelExecutor(ctx, uuid.uuid4(), None, ParallelErrorStrategy.COLLECT_ALL)
        second = ParallelExecutor(ctx, uuid.uuid4())
        return [await first.execute_step("a", user), await second.execute_step("a", posts)]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert (keys(report), [each.key for each in report.results]) == (["parallel"], ["parallel/a"])
    report = await coordinator.begin_again(None, completed("parallel/a", {"name": "A"}, LOCAL), groups=[group("parallel")])
    assert (keys(report), [each.key for each in report.results]) == (["parallel#2"], ["parallel#2/a"])


async def test_groups_named_by_uuids_may_be_in_flight_at_once() -> None:
    async def run(ctx: Context) -> Any:
        return await asyncio.gather(
            *(ctx.parallel(uuid.uuid4(), [("a", Member.activity(fetch, n))]) for n in range(2)),
            ctx.race(uuid.uuid4(), [("a", fetch)]),
        )

    report = await Coordinator(run).begin()
    assert keys(report) == ["parallel", "parallel/a", "parallel#2", "parallel#2/a", "parallel#3", "parallel#3/a"]


async def test_checklist_12_an_executor_that_fails_fast_throws_the_same_on_every_replay() -> None:
    async def run(ctx: Context) -> Any:
        executor = ParallelExecutor(ctx, "g")
        tasks = [
            executor.execute_activity("far", fetch, 1),
            executor.execute_activity("bad", "bad"),
        ]
        try:
            await asyncio.gather(*tasks)
        except StepError as error:
            first = error.message
        later = await asyncio.gather(executor.execute_step("never", user), return_exceptions=True)
        return [first, *(f"{error.kind.name} {error.code}" for error in later if isinstance(error, StepError))]

    coordinator = Coordinator(run)
    await coordinator.begin()
    resolved = group("g", FAILED, failed=1, failed_step="g/bad")
    recordings = [cancelled("g/far"), failed("g/bad", StepError(ErrorKind.TIMEOUT, "late"))]
    first = await coordinator.resume(*recordings, groups=[resolved])
    again = await coordinator.begin_again(None, *recordings, groups=[resolved])
    assert value(first.complete.output) == value(again.complete.output) == ["late", "CANCELLED GROUP_CANCELLED"]


async def test_checklist_12_a_failing_local_member_cuts_off_the_others_of_its_executor() -> None:
    async def run(ctx: Context) -> Any:
        executor = ParallelExecutor(ctx, "g")
        done = await asyncio.gather(
            executor.execute_step("slow", asyncio.Event().wait),
            executor.execute_step("bad", fails(message="declined")),
            executor.execute_activity("far", fetch, 1),
            return_exceptions=True,
        )
        return [f"{error.kind.name}: {error.message}" for error in done if isinstance(error, StepError)]

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.answered()
    resolved = group("g", FAILED, failed=1, failed_step="g/bad")
    first = await coordinator.answered(for_good("g/bad"), groups=[resolved])
    bad = failed("g/bad", StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "declined"), LOCAL)
    again = await coordinator.begin_again(None, bad, cancelled("g/far"), groups=[resolved])
    assert value(first.complete.output) == value(again.complete.output)
    assert value(first.complete.output)[1] == "BUSINESS_LOGIC_ERROR: declined"


async def test_checklist_12_a_collecting_executor_throws_each_members_own_failure() -> None:
    async def run(ctx: Context) -> Any:
        executor = ParallelExecutor(ctx, "g", strategy=ParallelErrorStrategy.COLLECT_ALL)
        await asyncio.gather(
            *(executor.execute_step(name, member) for name, member in [("a", user), ("b", fails()), ("c", posts)]),
            return_exceptions=True,
        )
        result = executor.results()
        return [list(result.results), list(result.errors)]

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert report.commands[0].open_group.strategy == records.GROUP_STRATEGY_COLLECT_ALL
    report = await coordinator.answered(recorded("g/a"), for_good("g/b"), recorded("g/c"))
    assert value(report.complete.output) == [["a", "c"], ["b"]]


async def test_an_executor_of_many_members_is_cut_off_without_deep_recursion() -> None:
    async def run(ctx: Context) -> int:
        executor = ParallelExecutor(ctx, "g")
        done = await asyncio.gather(*(executor.execute_activity(f"m{n}", fetch, n) for n in range(3_000)), return_exceptions=True)
        return sum(isinstance(each, StepError) for each in done)

    coordinator = Coordinator(run)
    coordinator.run.outbox.limit = 10_000
    await coordinator.begin()
    resolved = group("g", FAILED, failed=1, failed_step="g/m2999")
    records_ = [cancelled(f"g/m{n}") for n in range(2_999)]
    report = await coordinator.resume(*records_, failed("g/m2999", StepError(ErrorKind.TIMEOUT, "late")), groups=[resolved])
    assert value(report.complete.output) == 3_000


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


async def test_two_members_of_an_executor_with_one_name_are_an_error() -> None:
    async def run(ctx: Context) -> None:
        executor = ParallelExecutor(ctx, "g")
        await asyncio.gather(executor.execute_activity("a", fetch, 1), executor.execute_activity("a", fetch, 2))

    report = await Coordinator(run).begin()
    assert report.fail.failure.source == "DuplicateStepName"


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


# Groups that are resolved elsewhere while local members run


async def test_checklist_15_a_local_member_is_cancelled_when_an_activity_wins_and_nobody_asked() -> None:
    ended: list[str] = []

    async def here() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("here")

    async def run(ctx: Context) -> Any:
        return await ctx.race("r", [("here", here), ("far", Member.activity(fetch, 1))])

    coordinator = Coordinator(run)
    report = await coordinator.begin()
    assert keys(report) == ["r", "r/far"]
    coordinator.answer()
    await coordinator.nothing()
    report = await coordinator.told(completed("r/far", "1"), groups=[group("r", SUCCEEDED, winner="r/far", succeeded=1)])
    assert (value(report.complete.output), ended) == (["far", "1"], ["here"])


async def test_a_function_goes_on_after_its_group_though_other_steps_run() -> None:
    over = asyncio.Event()

    async def run(ctx: Context) -> Any:
        async def first() -> str:
            winner, _ = await ctx.race("r", [("here", asyncio.Event().wait), ("far", Member.activity(fetch, 1))])
            over.set()
            return winner

        return await asyncio.gather(first(), ctx.step("beside", over.wait))

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.answer()
    report = await coordinator.told(completed("r/far", "1"), groups=[group("r", SUCCEEDED, winner="r/far", succeeded=1)])
    assert [result.key for result in report.results] == ["beside"]
    report = await coordinator.answered(recorded("beside"))
    assert value(report.complete.output) == ["far", True]


async def test_a_deadline_that_passes_ends_local_members() -> None:
    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", [("slow", asyncio.Event().wait)], deadline=0.2)
        return list(result.unfinished)

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.answer()
    report = await coordinator.told(groups=[group("g", DEADLINE)])
    assert (keys(report), value(report.complete.output)) == ([], ["slow"])


async def test_an_executor_that_fails_elsewhere_cuts_off_its_local_members() -> None:
    async def run(ctx: Context) -> Any:
        executor = ParallelExecutor(ctx, "g", None, ParallelErrorStrategy.FAIL_FAST)
        ends = await asyncio.gather(
            executor.execute_step("here", asyncio.Event().wait), executor.execute_activity("far", fetch, 1), return_exceptions=True
        )
        return [str(end) for end in ends]

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.answer()
    report = await coordinator.told(
        failed("g/far", StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "declined")),
        groups=[group("g", FAILED, failed_step="g/far", failed=1)],
    )
    here, far = value(report.complete.output)
    assert "'g/far' failed" in here and "declined" in far


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_what_is_told_while_a_report_is_on_its_way_is_taken_after_its_answer(is_recorded: bool) -> None:
    """The report came before the deadline, or after it: its answer says which, though it arrives later."""

    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", [("fast", user), ("slow", asyncio.Event().wait)], deadline=0.2)
        return [list(result.results), list(result.unfinished)]

    coordinator = Coordinator(run)
    await coordinator.begin()  # opens the group
    report = await coordinator.answered()
    assert [result.key for result in report.results] == ["g/fast"]
    resolved = [group("g", DEADLINE, succeeded=1 if is_recorded else 0)]
    coordinator.tell(groups=resolved)
    await coordinator.nothing()
    report = await coordinator.answered(recorded("g/fast"), groups=[] if is_recorded else resolved)
    assert value(report.complete.output) == ([["fast"], ["slow"]] if is_recorded else [[], ["fast", "slow"]])


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_a_quorums_result_that_may_be_late_is_decided_by_what_is_told(is_recorded: bool) -> None:
    """Another step keeps the run from suspending, so that no task tells."""
    over = asyncio.Event()

    async def run(ctx: Context) -> Any:
        async def first() -> Any:
            members = [("here", user), ("a", Member.activity(fetch, 1)), ("b", Member.activity(fetch, 2))]
            result = await ctx.collect("g", members, quorum=2)
            over.set()
            return [list(result.results), list(result.unfinished)]

        return (await asyncio.gather(first(), ctx.step("beside", over.wait)))[0]

    coordinator = Coordinator(run)
    await coordinator.begin()
    await coordinator.answered()
    resolved = group("g", SUCCEEDED, succeeded=2)
    coordinator.answer(recorded("g/here"), groups=[resolved])
    coordinator.tell(groups=[group("h", SUCCEEDED, succeeded=1)])  # says nothing of it
    await coordinator.nothing()
    last = cancelled("g/b") if is_recorded else completed("g/b", "2")
    report = await coordinator.told(completed("g/a", "1"), last, groups=[resolved])
    assert [result.key for result in report.results] == ["beside"]
    report = await coordinator.answered(recorded("beside"))
    expected = [["here", "a"], ["b"]] if is_recorded else [["a", "b"], ["here"]]
    assert value(report.complete.output) == expected


async def test_what_is_told_before_the_function_is_called_is_known_to_it() -> None:
    """The task's steps were still being fetched."""
    ran: list[str] = []

    async def here() -> None:
        ran.append("here")

    async def run(ctx: Context) -> Any:
        return await ctx.race("r", [("here", here), ("far", Member.activity(fetch, 1))])

    coordinator = Coordinator(run)
    steps = [in_state("r/far", records.STEP_STATE_RUNNING)]
    task = coordinator.task(None, steps, groups=[group("r")])
    coordinator.run.adopt(task)
    coordinator.tell(completed("r/far", "1"), groups=[group("r", SUCCEEDED, winner="r/far", succeeded=1)])
    coordinator.run.begin(task, steps)
    report = await coordinator.report()
    assert (value(report.complete.output), ran) == (["far", "1"], [])


async def test_what_is_told_twice_or_is_known_changes_nothing() -> None:
    async def run(ctx: Context) -> Any:
        winner, _ = await ctx.race("r", [("here", asyncio.Event().wait), ("far", Member.activity(fetch, 1))])
        await ctx.step("after", over.wait)
        return winner

    over = asyncio.Event()
    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.answer()
    resolved = [group("r", SUCCEEDED, winner="r/far", succeeded=1)]
    for _ in range(3):
        coordinator.tell(completed("r/far", "1"), groups=resolved)
    await coordinator.nothing()
    over.set()
    assert [result.key for result in (await coordinator.report()).results] == ["after"]
    report = await coordinator.answered(recorded("after"))
    assert value(report.complete.output) == "far"
    coordinator.tell(completed("r/far", "1"), groups=resolved)
    await coordinator.nothing()


async def test_without_the_members_the_function_suspends_and_gets_them_with_the_next_task() -> None:
    async def run(ctx: Context) -> Any:
        return await ctx.race("r", [("here", asyncio.Event().wait), ("far", Member.activity(fetch, 1))])

    coordinator = Coordinator(run)
    await coordinator.begin()
    coordinator.answer()
    report = await coordinator.told(groups=[group("r", SUCCEEDED, winner="r/far", succeeded=1)])
    assert outcome(report) == "suspend"
    report = await coordinator.resume(completed("r/far", "1"))
    assert value(report.complete.output) == ["far", "1"]
