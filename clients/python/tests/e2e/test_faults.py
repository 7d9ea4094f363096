"""Workers, connections and coordinators that die in the middle."""

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

from kagzi import Client, Context, RunStatus, Worker, activity, workflow

Spawn = Callable[..., "subprocess.Popen[str]"]


async def line(folder: Path, text: str, timeout: float = 20) -> None:
    """Wait until a worker process has executed something."""

    async def look() -> None:
        while text not in executions(folder):
            await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), timeout)


def executions(folder: Path) -> list[str]:
    file = folder / "executions"
    return file.read_text().splitlines() if file.exists() else []


async def test_a_killed_workers_run_goes_on_elsewhere_and_recorded_steps_do_not_run_again(
    coordinator: Coordinator, client: Client, queue: str, tmp_path: Path, spawn: Spawn
) -> None:
    first = spawn(coordinator.address, queue)
    handle = await client.start("three-steps", True, id=f"{queue}-run", task_queue=queue)
    await line(tmp_path, f"{queue}-run two")
    first.kill()
    first.wait()
    (tmp_path / "release").touch()
    spawn(coordinator.address, queue)
    assert await handle.result(timeout=15) == ["one", "two", "three"]
    assert Counter(executions(tmp_path)) == {f"{queue}-run one": 1, f"{queue}-run two": 2, f"{queue}-run three": 1}


async def test_a_killed_workers_activity_is_tried_again_with_its_progress(
    coordinator: Coordinator, client: Client, queue: str, tmp_path: Path, spawn: Spawn
) -> None:
    first = spawn(coordinator.address, queue)
    handle = await client.start("holds", id=f"{queue}-run", task_queue=queue)
    await line(tmp_path, f"{queue}-run hold 1")

    async def progressed() -> None:
        while not any(step.progress() == 1 for step in await handle.steps()):
            await asyncio.sleep(0.05)

    await asyncio.wait_for(progressed(), 10)
    first.kill()
    first.wait()
    (tmp_path / "release").touch()
    spawn(coordinator.address, queue)
    assert await handle.result(timeout=15) == "attempt 2, progress 1"


async def test_sigterm_drains_a_worker_process(
    coordinator: Coordinator, client: Client, queue: str, tmp_path: Path, spawn: Spawn
) -> None:
    process = spawn(coordinator.address, queue)
    handle = await client.start("three-steps", True, id=f"{queue}-run", task_queue=queue)
    await line(tmp_path, f"{queue}-run two")
    process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    assert process.poll() is None
    (tmp_path / "release").touch()
    assert await handle.result(timeout=15) == ["one", "two", "three"]
    assert await asyncio.get_running_loop().run_in_executor(None, process.wait, 10) == 0
    assert Counter(executions(tmp_path)) == {f"{queue}-run {name}": 1 for name in ("one", "two", "three")}


async def test_what_outlasts_a_drain_is_handed_back_at_once(
    coordinator: Coordinator, client: Client, queue: str, tmp_path: Path, spawn: Spawn
) -> None:
    process = spawn(coordinator.address, queue, grace=0.2, lease=60)
    handle = await client.start("holds", id=f"{queue}-run", task_queue=queue)
    await line(tmp_path, f"{queue}-run hold 1")
    spawn(coordinator.address, queue)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.get_running_loop().run_in_executor(None, process.wait, 15) == 0
    await line(tmp_path, f"{queue}-run hold 1")
    (tmp_path / "release").touch()
    assert (await handle.result(timeout=15)).startswith("attempt")


async def test_cut_connections_lose_nothing(coordinator: Coordinator, client: Client, queue: str, cutter: Cutter) -> None:
    calls: Counter[str] = Counter()

    @activity(queue + "-work")
    async def work(ctx: Any, n: int) -> int:
        calls[f"{ctx.run_id}/{ctx.step}"] += 1
        await asyncio.sleep(0.02)
        return n + 1

    @workflow(queue)
    async def chain(ctx: Context, n: int) -> int:
        n = await ctx.step("begin", lambda: n)
        for _ in range(5):
            n = await ctx.activity(work, n)
        return n

    async with Worker(
        cutter.address, workflows=[chain], activities=[work], task_queues=[queue], lease_duration_secs=10
    ) as worker:
        handles = await client.start_many(chain, list(range(50)), task_queue=queue)
        waiting = asyncio.gather(*(handle.result(timeout=55) for handle in handles))
        for _ in range(6):
            await asyncio.sleep(0.15)
            cutter.cut()
        assert await waiting == [n + 5 for n in range(50)]
        assert worker.is_running
    for handle in handles:
        steps = await handle.steps()
        assert len(steps) == 6 and all(step.state.name == "COMPLETED" for step in steps)


async def test_a_resumed_session_keeps_its_tasks(coordinator: Coordinator, client: Client, queue: str, cutter: Cutter) -> None:
    started, release = asyncio.Event(), asyncio.Event()
    calls = []

    @activity(queue + "-long")
    async def long() -> str:
        calls.append(1)
        started.set()
        await release.wait()
        return "kept"

    @workflow(queue)
    async def holds(ctx: Context) -> str:
        return await ctx.activity(long)

    async with Worker(cutter.address, workflows=[holds], activities=[long], task_queues=[queue], lease_duration_secs=30):
        handle = await client.start(holds, task_queue=queue)
        await asyncio.wait_for(started.wait(), 10)
        assert cutter.cut() >= 2
        await asyncio.sleep(1.0)
        release.set()
        assert await handle.result(timeout=20) == "kept"
    assert calls == [1]


async def test_a_killed_coordinator_loses_nothing(own_coordinator: Coordinator, queue: str, tmp_path: Path, spawn: Spawn) -> None:
    for _ in range(2):
        spawn(own_coordinator.address, queue, lease=5)
    async with Client(own_coordinator.address, retry_for=50) as client:
        handles = await client.start_many("mixed", list(range(100)), ids=[f"run-{n}" for n in range(100)], task_queue=queue)
        waiting = asyncio.gather(*(handle.result(timeout=55) for handle in handles))
        while len(executions(tmp_path)) < 60:
            await asyncio.sleep(0.005)
        own_coordinator.kill()
        assert not waiting.done()
        await asyncio.get_running_loop().run_in_executor(None, own_coordinator.start)
        assert await waiting == [n * 2 + 1 for n in range(100)]
        for handle in handles:
            assert [step.key for step in await handle.steps()] == ["first", "double", "pause", "last"]


async def test_a_restarted_coordinator_goes_on(own_coordinator: Coordinator, queue: str) -> None:
    @workflow(queue)
    async def naps(ctx: Context) -> str:
        await ctx.sleep("nap", 2)
        return "awake"

    async with (
        Client(own_coordinator.address, retry_for=40) as client,
        Worker(client, workflows=[naps], task_queues=[queue]),
    ):
        handle = await client.start(naps, task_queue=queue)
        while await handle.status() is not RunStatus.SLEEPING:
            await asyncio.sleep(0.02)
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, own_coordinator.stop) == 0
        await loop.run_in_executor(None, own_coordinator.start)
        assert await handle.result(timeout=30) == "awake"


async def test_two_hundred_runs_survive_whatever_is_killed(
    own_coordinator: Coordinator, queue: str, tmp_path: Path, spawn: Spawn
) -> None:
    count = 200
    loop = asyncio.get_running_loop()
    workers = [spawn(own_coordinator.address, queue, lease=2, delay=0.05) for _ in range(3)]
    async with Client(own_coordinator.address, retry_for=60) as client:
        ids = [f"run-{n}" for n in range(count)]
        handles = await client.start_many("mixed", list(range(count)), ids=ids, task_queue=queue)
        waiting = asyncio.gather(*(handle.result(timeout=120) for handle in handles))
        kills = 0
        while not waiting.done() and kills < 8:
            enough = len(executions(tmp_path)) + 40
            while len(executions(tmp_path)) < enough and not waiting.done():
                await asyncio.sleep(0.01)
            if kills % 4 == 3:
                own_coordinator.kill()
                await loop.run_in_executor(None, own_coordinator.start)
            else:
                victim = workers.pop(0)
                victim.kill()
                workers.append(spawn(own_coordinator.address, queue, lease=2, delay=0.05))
            kills += 1
        assert await waiting == [n * 2 + 1 for n in range(count)]
        assert kills >= 4
        for handle in handles:
            steps = await handle.steps(include_payloads=False)
            assert [(step.key, step.state.name) for step in steps] == [
                (key, "COMPLETED") for key in ("first", "double", "pause", "last")
            ]


async def test_groups_races_children_and_signals_survive_kills_of_everything(
    own_coordinator: Coordinator, queue: str, tmp_path: Path, spawn: Spawn
) -> None:
    count = 120
    loop = asyncio.get_running_loop()
    async with Client(own_coordinator.address, retry_for=60) as client:
        handles = await client.start_many(
            "everything", list(range(count)), ids=[f"run-{n}" for n in range(count)], task_queue=queue
        )
        for number, handle in enumerate(handles):
            await handle.signal("go", number, request_id="go")
        workers = [spawn(own_coordinator.address, queue, lease=2, delay=0.05) for _ in range(3)]
        waiting = asyncio.gather(*(handle.result(timeout=120) for handle in handles))
        kills = 0
        while not waiting.done() and kills < 6:
            enough = len(executions(tmp_path)) + 30
            while len(executions(tmp_path)) < enough and not waiting.done():
                await asyncio.sleep(0.01)
            if kills % 3 == 1:
                own_coordinator.kill()
                await loop.run_in_executor(None, own_coordinator.start)
            else:
                victim = workers.pop(0)
                victim.kill()
                workers.append(spawn(own_coordinator.address, queue, lease=2, delay=0.05))
            kills += 1
        assert await waiting == [[3 * n + 6 * n, 2 * n + 1, n] for n in range(count)]
        assert kills >= 3
        for handle in handles:
            groups = {group.key: group for group in await handle.groups()}
            assert (groups["group"].verdict.name, groups["group"].succeeded, groups["group"].failed) == ("SUCCEEDED", 6, 0)
            race = groups["race"]
            states = Counter(step.state.name for step in await handle.steps(False) if step.group == "race")
            assert race.verdict.name == "SUCCEEDED" and race.winner.startswith("race/r-")
            assert states["COMPLETED"] == race.succeeded >= 1 and sum(states.values()) == 3
            children = [run async for run in client.list(parent_run_id=handle.run_id)]
            assert [child.status.name for child in children] == ["COMPLETED"]


async def test_large_payloads_do_not_cut_the_stream(client: Client, queue: str, caplog: pytest.LogCaptureFixture) -> None:
    size = 1_900_000

    @activity(queue + "-blob")
    async def blob(data: bytes) -> bytes:
        return data[::-1]

    @workflow(queue)
    async def blobs(ctx: Context, data: bytes) -> int:
        parts = await asyncio.gather(*(ctx.activity(blob, data, step=f"blob-{n}") for n in range(4)))
        local = await asyncio.gather(*(ctx.step(f"local-{n}", lambda: data, returns=bytes) for n in range(4)))
        return sum(map(len, parts)) + sum(map(len, local))

    async with Worker(client, workflows=[blobs], activities=[blob], task_queues=[queue]):
        assert await client.execute(blobs, b"x" * size, task_queue=queue, timeout=30) == 8 * size
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == []
