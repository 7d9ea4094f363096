"""Parallel groups against the real coordinator."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coordinator import Coordinator, Cutter
from support import serving, until

from kagzi import (
    Cancelled,
    Client,
    Context,
    ErrorKind,
    GroupFailed,
    GroupVerdict,
    Member,
    ParallelErrorStrategy,
    ParallelExecutor,
    RetryPolicy,
    RunStatus,
    StepError,
    StepState,
    WorkflowCancelled,
    activity,
    workflow,
)
from kagzi._session import Session

Spawn = Callable[..., "subprocess.Popen[str]"]


async def nap() -> int:
    await asyncio.sleep(0.05)
    return 1


async def test_checklist_14_members_run_at_the_same_time(client: Client, queue: str) -> None:
    @activity(queue + "-nap")
    async def far_nap(number: int) -> int:
        await asyncio.sleep(0.05)
        return number

    @workflow(queue)
    async def naps(ctx: Context) -> list[float]:
        begun = time.monotonic()
        await ctx.parallel_vec("here", [(f"m{n}", nap) for n in range(40)])
        here = time.monotonic() - begun
        begun = time.monotonic()
        assert await ctx.parallel_vec("there", [(f"m{n}", Member.activity(far_nap, n)) for n in range(40)]) == list(range(40))
        return [here, time.monotonic() - begun]

    async with serving(client, queue, naps, far_nap, max_concurrent_activities=40):
        here, there = await client.execute(naps, task_queue=queue, timeout=20)
    assert here < 1 and there < 1, (here, there)  # one after the other takes two seconds


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
        try:
            await ctx.parallel("timeout", members, deadline=0.1)
        except StepError as error:
            return [quorum.into_result(), quorum.is_success, list(late.results), list(late.unfinished), error.kind.name]
        return []

    async with serving(client, queue, joins, after):
        result = await client.execute(joins, task_queue=queue, timeout=15)
    assert result == [[0.01, 0.02], True, ["m0", "m1"], ["m2", "m3"], "TIMEOUT"]


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


@pytest.mark.parametrize("number", [signal.SIGKILL])
async def test_checklist_14_after_a_crash_only_unfinished_members_run_again(
    coordinator: Coordinator, client: Client, queue: str, tmp_path: Path, spawn: Spawn, number: signal.Signals
) -> None:
    first = spawn(coordinator.address, queue)
    handle = await client.start("group", id=f"{queue}-run", task_queue=queue)

    def executions() -> Counter[str]:
        file = tmp_path / "executions"
        return Counter(file.read_text().split()) if file.exists() else Counter()

    async def nearly_done() -> None:
        while True:
            groups = await handle.groups()
            if groups and groups[0].succeeded == 3 and executions()["far-held"]:
                return
            await asyncio.sleep(0.05)

    await asyncio.wait_for(nearly_done(), 20)
    first.send_signal(number)
    first.wait()
    (tmp_path / "release").touch()
    spawn(coordinator.address, queue)
    assert await handle.result(timeout=30) == ["near-1", "near-2", "held", "far", "far-held"]
    found = executions()
    assert {name: found[name] for name in ("near-1", "near-2", "far")} == {"near-1": 1, "near-2": 1, "far": 1}
    assert found["held"] == 2 and found["far-held"] == 2


async def test_cancelling_a_run_ends_its_group(client: Client, queue: str) -> None:
    told = asyncio.Event()

    @activity(queue + "-slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told.set()
            raise

    @workflow(queue)
    async def waits(ctx: Context) -> None:
        try:
            await ctx.parallel("g", ("a", slow), ("b", Member.activity("nobody-has-this")))
        except Cancelled:
            async with ctx.uncancellable():
                await ctx.parallel("cleanup", [("c", nap)])
            raise

    async with serving(client, queue, waits, slow):
        handle = await client.start(waits, task_queue=queue)
        await until(RunStatus.WAITING, handle)
        await handle.cancel("enough")
        with pytest.raises(WorkflowCancelled):
            await handle.result(timeout=10)
        await asyncio.wait_for(told.wait(), 5)
    verdicts = {group.key: group.verdict for group in await handle.groups()}
    assert verdicts["g"] in (GroupVerdict.FAILED, GroupVerdict.CANCELLED)  # its cancelled activity may be counted first
    assert verdicts["cleanup"] is GroupVerdict.SUCCEEDED


async def test_a_timeout_of_the_functions_own_gives_the_group_up(client: Client, queue: str) -> None:
    told = asyncio.Event()

    @activity(queue + "-slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told.set()
            raise

    @workflow(queue)
    async def gives_up(ctx: Context) -> str:
        try:
            await asyncio.wait_for(ctx.parallel("g", [("slow", slow)]), 0.3)
        except asyncio.TimeoutError:
            await ctx.step("note", lambda: None)
            return "gave up"
        return ""

    async with serving(client, queue, gives_up, slow):
        handle = await client.start(gives_up, task_queue=queue)
        assert await handle.result(timeout=10) == "gave up"
        await asyncio.wait_for(told.wait(), 5)
    assert (await handle.groups())[0].verdict is GroupVerdict.CANCELLED


async def test_a_group_ends_although_local_members_run(client: Client, queue: str) -> None:
    ended: list[str] = []

    @activity(queue + "-quick")
    async def quick() -> str:
        return "quick"

    @activity(queue + "-bad")
    async def bad() -> None:
        raise StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "declined")

    async def long() -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("long")
        return "long"

    @workflow(queue)
    async def mixed(ctx: Context) -> list[Any]:
        winner, _ = await ctx.race("race", [("long", long), ("quick", quick)])
        try:
            await ctx.parallel("fails", ("long", long), ("bad", bad))
        except StepError as error:
            failure = error.message
        late = await ctx.collect("late", [("long", long), ("short", nap)], deadline=0.3)
        return [winner, failure, list(late.results), list(late.unfinished)]

    async with serving(client, queue, mixed, quick, bad):
        assert await client.execute(mixed, task_queue=queue, timeout=10) == ["quick", "declined", ["short"], ["long"]]
    assert ended == ["long"] * 3


async def test_checklist_15_a_function_is_told_that_an_activity_won_though_it_cannot_suspend(
    client: Client, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it ends by itself: the race must be told before the other step may end, and the worker does not ask."""
    order: list[str] = []
    release = asyncio.Event()
    over = asyncio.Event()
    send = Session.report

    def report(session: Session, request: Any, on_answer: Any) -> None:
        if request.report.HasField("workflow"):
            order.append(str(request.report.workflow.WhichOneof("outcome")))
        send(session, request, on_answer)

    monkeypatch.setattr(Session, "report", report)

    @activity(queue + "-far")
    async def far() -> str:
        await release.wait()
        order.append("far ends")
        return "far"

    async def near() -> None:
        release.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            order.append("near is cancelled")
            raise

    @workflow(queue)
    async def told(ctx: Context) -> list[Any]:
        async def race() -> str:
            winner, _ = await ctx.race("r", [("near", near), ("far", far)])
            over.set()
            return winner

        return await asyncio.gather(race(), ctx.step("beside", over.wait))

    async with serving(client, queue, told, far):
        assert await client.execute(told, task_queue=queue, timeout=5) == ["far", True]
    assert order == ["continue", "far ends", "near is cancelled", "continue", "complete"]


async def test_what_is_resolved_while_the_connection_is_away_is_told_on_the_next_one(
    coordinator: Coordinator, client: Client, queue: str, cutter: Cutter
) -> None:
    away = asyncio.Event()
    began = asyncio.Event()
    ended: list[str] = []

    @activity(queue + "-far")
    async def far() -> str:
        await away.wait()
        return "far"

    async def near() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("near")

    @workflow(queue)
    async def told(ctx: Context) -> str:
        winner, _ = await ctx.race("r", [("near", near), ("far", far)])
        return winner

    async with serving(client, queue, far), Client(cutter.address) as behind, serving(behind, queue, told):
        handle = await client.start(told, task_queue=queue)
        await asyncio.wait_for(began.wait(), 10)
        while not (await handle.groups()):
            await asyncio.sleep(0.01)
        await cutter.stop()
        away.set()
        while not (await handle.groups())[0].winner:
            await asyncio.sleep(0.01)
        assert not ended
        await cutter.start(again=True)
        assert await handle.result(timeout=8) == "far"
    assert ended == ["near"]
