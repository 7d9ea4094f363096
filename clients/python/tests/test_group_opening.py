"""How the parallel groups of a run are opened, reported and joined."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from group_members import comments, fetch, posts, ship, user
from scripted import CHILD, LOCAL, SUCCEEDED, Coordinator, completed, group, in_state, keys, outcome, recorded, value

from kagzi import Context, Member
from kagzi._messages import worker
from kagzi._messages import run as records


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
    begun = 0
    all_began = asyncio.Event()

    async def nap() -> int:
        nonlocal begun
        begun += 1
        if begun == 20:
            all_began.set()
        await all_began.wait()
        return 1

    async def run(ctx: Context) -> int:
        return sum(await ctx.parallel_vec("naps", [(f"n{n}", nap) for n in range(20)]))

    coordinator = Coordinator(run)
    report = await coordinator.begin()
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
