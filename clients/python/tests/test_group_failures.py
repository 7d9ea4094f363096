"""Parallel groups whose members fail or come too late: fail-fast, collect, quorum, deadline, race."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from group_members import comments, fails, fetch, user
from scripted import (
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

from kagzi import Context, ErrorKind, GroupFailed, Member, RetryPolicy, StepError
from kagzi._messages import common
from kagzi._messages import run as records


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
