"""Groups that end from outside, elsewhere or after a crash, against the real coordinator."""

from __future__ import annotations

import asyncio
import signal
import subprocess
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
    GroupVerdict,
    Member,
    RunStatus,
    StepError,
    WorkflowCancelled,
    activity,
    workflow,
)
from kagzi._session import Session

Spawn = Callable[..., "subprocess.Popen[str]"]


async def nap() -> int:
    await asyncio.sleep(0.05)
    return 1


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
