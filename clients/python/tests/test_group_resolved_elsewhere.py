"""Groups that are resolved elsewhere while local members run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from group_members import fetch, user
from scripted import DEADLINE, SUCCEEDED, Coordinator, cancelled, completed, group, in_state, keys, outcome, recorded, value

from kagzi import Context, Member
from kagzi._messages import run as records


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
