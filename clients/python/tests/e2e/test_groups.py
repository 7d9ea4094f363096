"""Parallel groups against the real coordinator."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import Any

import pytest
from support import serving

from kagzi import (
    Client,
    Context,
    ErrorKind,
    GroupFailed,
    GroupVerdict,
    Member,
    ParallelErrorStrategy,
    ParallelExecutor,
    RetryPolicy,
    StepError,
    StepState,
    activity,
    workflow,
)


async def nap() -> int:
    await asyncio.sleep(0.05)
    return 1


async def test_checklist_14_members_run_at_the_same_time(client: Client, queue: str) -> None:
    begun = {"here": 0, "there": 0}
    all_begun = {"here": asyncio.Event(), "there": asyncio.Event()}

    async def beside_the_others(where: str) -> int:
        """Ends only when all forty are at work."""
        begun[where] += 1
        if begun[where] == 40:
            all_begun[where].set()
        await all_begun[where].wait()
        return 1

    @activity(queue + "-nap")
    async def far_nap(number: int) -> int:
        await beside_the_others("there")
        return number

    @workflow(queue)
    async def naps(ctx: Context) -> list[int]:
        await ctx.parallel_vec("here", [(f"m{n}", lambda: beside_the_others("here")) for n in range(40)])
        return await ctx.parallel_vec("there", [(f"m{n}", Member.activity(far_nap, n)) for n in range(40)])

    async with serving(client, queue, naps, far_nap, max_concurrent_activities=40):
        assert await client.execute(naps, task_queue=queue, timeout=30) == list(range(40))


async def test_checklist_13_tuples_keywords_and_lists(client: Client, queue: str) -> None:
    async def user() -> dict[str, str]:
        return {"name": "ada"}

    @workflow(queue)
    async def forms(ctx: Context) -> list[Any]:
        first, second = await ctx.parallel("tuple", ("user", user), ("count", lambda: 3))
        named = await ctx.parallel("named", user=user, count=lambda: 4)
        listed = await ctx.parallel("list", [("a", nap), ("b", nap)])
        return [first["name"], second, named.user["name"], named.count, listed, await ctx.parallel("none", [])]

    async with serving(client, queue, forms):
        assert await client.execute(forms, task_queue=queue, timeout=10) == ["ada", 3, "ada", 4, [1, 1], []]


@pytest.mark.parametrize("cached", [1_000, 0])
async def test_checklist_14_a_mixed_group(client: Client, queue: str, cached: int) -> None:
    queue = f"{queue}-{cached}"

    @activity(queue + "-far")
    async def far(number: int) -> int:
        await asyncio.sleep(0.01 * number)
        return number

    @workflow(queue + "-child")
    async def child(ctx: Context, number: int) -> int:
        await ctx.sleep("nap", 0.05)
        return number

    async def near(seconds: float) -> int:
        await asyncio.sleep(seconds)
        return 7

    @workflow(queue)
    async def mixed(ctx: Context, seconds: float) -> list[int]:
        return await ctx.parallel_vec(
            "mix",
            [
                ("near", Member.step(near, seconds)),
                ("far", Member.activity(far, 1)),
                ("farther", Member.activity(far, 10)),
                ("child", Member.child(child, 5)),
            ],
        )

    async with serving(client, queue, mixed, far, child, max_cached_workflows=cached):
        for seconds in (0.0, 0.05, 0.3):  # the local member ends first, in the middle, last
            handle = await client.start(mixed, seconds, task_queue=queue)
            assert await handle.result(timeout=15) == [7, 1, 10, 5]
            group = (await handle.groups())[0]
            assert (group.member_count, group.succeeded, group.verdict) == (4, 4, GroupVerdict.SUCCEEDED)


async def test_checklist_12_fail_fast_ends_the_others(client: Client, queue: str) -> None:
    told = asyncio.Event()

    @activity(queue + "-slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told.set()
            raise

    @activity(queue + "-bad")
    async def bad() -> None:
        raise StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "declined")

    @workflow(queue)
    async def fails(ctx: Context) -> str:
        try:
            await ctx.parallel("g", ("slow", slow), ("bad", bad))
        except StepError as error:
            return error.message
        return ""

    async with serving(client, queue, fails, slow, bad):
        handle = await client.start(fails, task_queue=queue)
        assert await handle.result(timeout=10) == "declined"
        await asyncio.wait_for(told.wait(), 5)
    states = {step.key: step.state for step in await handle.steps()}
    assert states == {"g/slow": StepState.CANCELLED, "g/bad": StepState.FAILED}


async def test_checklist_12_collect_all_and_retries_of_members(client: Client, queue: str) -> None:
    tries: Counter[str] = Counter()

    @activity(queue + "-flaky")
    async def flaky(number: int) -> int:
        tries[str(number)] += 1
        if number == 3 or (number == 5 and tries["5"] < 3):
            raise ConnectionError("refused")
        return number

    @workflow(queue)
    async def collects(ctx: Context) -> list[Any]:
        policy = RetryPolicy.fixed_with(20, 3)
        result = await ctx.collect("g", [(f"m{n}", Member.activity(flaky, n, retry=policy)) for n in range(8)])
        return [list(result.results), {name: error.kind.name for name, error in result.errors.items()}, result.is_success]

    async with serving(client, queue, collects, flaky):
        names, errors, is_success = await client.execute(collects, task_queue=queue, timeout=15)
    assert (errors, is_success) == ({"m3": "NETWORK_ERROR"}, False)
    assert names == ["m0", "m1", "m2", "m4", "m5", "m6", "m7"]
    assert (tries["3"], tries["5"], tries["1"]) == (3, 3, 1)


@pytest.mark.parametrize("strategy", list(ParallelErrorStrategy))
async def test_checklist_12_the_executor_from_concurrent_tasks(
    client: Client, queue: str, strategy: ParallelErrorStrategy
) -> None:
    queue = f"{queue}-{strategy.name}"

    @activity(queue + "-far")
    async def far(number: int) -> int:
        return number

    @workflow(queue)
    async def executes(ctx: Context, fails: bool) -> list[Any]:
        executor = ParallelExecutor(ctx, uuid.uuid4(), "whole", strategy)
        jobs = [executor.execute_step(f"near-{n}", nap) for n in range(5)]
        jobs += [executor.execute_activity(f"far-{n}", far, n) for n in range(5)]
        if fails:
            jobs.append(executor.execute_step("bad", _fail))
        done = await asyncio.gather(*jobs, return_exceptions=True)
        return [
            sum(isinstance(each, int) for each in done),
            [each.kind.name for each in done if isinstance(each, StepError)][-1:],
        ]

    async with serving(client, queue, executes, far):
        handle = await client.start(executes, False, task_queue=queue)
        assert await handle.result(timeout=15) == [10, []]
        group = (await handle.groups())[0]
        assert (group.key, group.parent_step, group.succeeded) == ("parallel", "whole", 10)
        count, errors = await client.execute(executes, True, task_queue=queue, timeout=15)
        assert errors == ["BUSINESS_LOGIC_ERROR"]
        assert count == 10 if strategy is ParallelErrorStrategy.COLLECT_ALL else count < 10


async def _fail() -> None:
    raise StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "no")


async def test_checklist_15_a_race_has_one_winner_on_every_replay(client: Client, queue: str) -> None:
    cancelled: Counter[str] = Counter()

    @activity(queue + "-runs")
    async def runs(name: str) -> str:
        try:
            await asyncio.sleep(0.02 if name == "quick" else 30)
        except asyncio.CancelledError:
            cancelled[name] += 1
            raise
        return name

    @workflow(queue)
    async def races(ctx: Context) -> list[Any]:
        first = await ctx.race("far", [(name, Member.activity(runs, name)) for name in ("slow", "quick", "slower")])
        second = await ctx.race("near", [("nap", nap), ("long", lambda: asyncio.sleep(30))])
        await ctx.sleep("replay", 0.05)
        return [*first, *second]

    async with serving(client, queue, races, runs, max_cached_workflows=0):
        assert await client.execute(races, task_queue=queue, timeout=15) == ["quick", "quick", "nap", 1]
    assert cancelled == {"slow": 1, "slower": 1}


async def test_checklist_15_all_failing_is_one_error_that_names_each(client: Client, queue: str) -> None:
    @workflow(queue)
    async def races(ctx: Context) -> list[str]:
        try:
            await ctx.race("r", [("a", _fail), ("b", _fail)])
        except GroupFailed as error:
            return [error.kind.name, *error.errors]
        return []

    async with serving(client, queue, races):
        assert await client.execute(races, task_queue=queue, timeout=10) == ["BUSINESS_LOGIC_ERROR", "a", "b"]


async def test_a_quorum_and_a_deadline(client: Client, queue: str) -> None:
    @activity(queue + "-after")
    async def after(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    @workflow(queue)
    async def joins(ctx: Context) -> list[Any]:
        members = [(f"m{n}", Member.activity(after, seconds)) for n, seconds in enumerate((0.01, 0.02, 30, 30))]
        quorum = await ctx.collect("quorum", members, quorum=2)
        late = await ctx.collect("deadline", members, deadline=0.3)
        said = [quorum.into_result(), list(quorum.unfinished), list(quorum.errors), list(late.results), list(late.unfinished)]
        for error in late.errors.values():
            said.append(f"{error.kind.name} {error.code}")
        try:
            await ctx.parallel("timeout", members, deadline=0.1)
        except StepError as error:
            said.append(f"{error.kind.name} {error.code}")
        try:
            await ctx.collect("out-of-reach", [*members, ("a", _fail), ("b", _fail), ("c", _fail)], quorum=5)
        except GroupFailed as error:
            said.append(f"{error.kind.name} {error.code} {list(error.errors)}")
        return said

    async with serving(client, queue, joins, after):
        result = await client.execute(joins, task_queue=queue, timeout=15)
    late = "TIMEOUT GROUP_DEADLINE"
    failed = "BUSINESS_LOGIC_ERROR GROUP_FAILED ['a', 'b', 'c']"
    assert result == [[0.01, 0.02], ["m2", "m3"], [], ["m0", "m1"], ["m2", "m3"], late, late, late, failed]


async def test_max_concurrency_holds_for_activities_and_for_local_members(client: Client, queue: str) -> None:
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def work(kind: str) -> int:
        now[kind] += 1
        most[kind] = max(most[kind], now[kind])
        await asyncio.sleep(0.01)
        now[kind] -= 1
        return 1

    @activity(queue + "-far")
    async def far(number: int) -> int:
        return await work("far")

    @workflow(queue)
    async def limited(ctx: Context) -> int:
        near = await ctx.parallel_vec("near", [(f"m{n}", Member.step(work, "near")) for n in range(20)], max_concurrency=3)
        remote = await ctx.parallel_vec("far", [(f"m{n}", Member.activity(far, n)) for n in range(20)], max_concurrency=4)
        return sum(near) + sum(remote)

    async with serving(client, queue, limited, far, max_concurrent_activities=50):
        assert await client.execute(limited, task_queue=queue, timeout=20) == 40
    assert (most["near"], most["far"]) == (3, 4)


async def test_two_thousand_members(client: Client, queue: str) -> None:
    @activity(queue + "-echo")
    async def echo(number: int) -> str:
        return f"{number}:" + "x" * 2_000  # together more than a message holds

    @workflow(queue)
    async def many(ctx: Context, count: int) -> int:
        found = await ctx.parallel_vec("g", [(f"m{n}", Member.activity(echo, n)) for n in range(count)])
        assert [each.partition(":")[0] for each in found] == [str(n) for n in range(count)]
        return len(found)

    async with serving(client, queue, many, echo, max_concurrent_activities=200):
        assert await client.execute(many, 2_000, task_queue=queue, timeout=60) == 2_000
