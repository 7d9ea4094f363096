"""Members of a group that come one by one: ParallelExecutor."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from group_members import comments, fails, fetch, posts, ship, user
from scripted import (
    CHILD,
    FAILED,
    LOCAL,
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

from kagzi import Context, ErrorKind, Member, ParallelErrorStrategy, ParallelExecutor, StepError
from kagzi._messages import run as records


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


# What must not slip through


async def test_two_members_of_an_executor_with_one_name_are_an_error() -> None:
    async def run(ctx: Context) -> None:
        executor = ParallelExecutor(ctx, "g")
        await asyncio.gather(executor.execute_activity("a", fetch, 1), executor.execute_activity("a", fetch, 2))

    report = await Coordinator(run).begin()
    assert report.fail.failure.source == "DuplicateStepName"


# Groups that are resolved elsewhere while local members run


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
