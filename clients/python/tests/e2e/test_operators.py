"""What operators see and do: workers, drains, health."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from coordinator import Coordinator
from programs import output, run
from support import serving

from kagzi import (
    Client,
    Context,
    HealthCheckConfig,
    HealthChecker,
    HealthStatus,
    Member,
    NotFound,
    WorkerStatus,
    workflow,
)


async def test_checklist_22_workers_shut_down_gracefully(
    coordinator: Coordinator, client: Client, queue: str, tmp_path: Path, spawn: Callable[..., Popen[str]]
) -> None:
    process = spawn(coordinator.address, queue, lease=2)
    handle = await client.start("three-steps", True, id=f"{queue}-run", task_queue=queue)

    async def begun() -> None:
        file = tmp_path / "executions"
        while not (file.exists() and "two" in file.read_text()):
            await asyncio.sleep(0.02)

    await asyncio.wait_for(begun(), 20)
    worker = next(each for each in await client.workers.active() if queue in each.task_queues)
    process.send_signal(signal.SIGTERM)

    async def draining() -> None:
        while (await client.workers.get(worker.worker_id)).status is not WorkerStatus.SHUTTING_DOWN:
            await asyncio.sleep(0.05)

    await asyncio.wait_for(draining(), 10)
    await asyncio.sleep(2.5)  # longer than its lease: it keeps beating while it drains
    assert (await client.workers.get(worker.worker_id)).status is WorkerStatus.SHUTTING_DOWN
    (tmp_path / "release").touch()
    assert await handle.result(timeout=15) == ["one", "two", "three"]
    assert await asyncio.get_running_loop().run_in_executor(None, process.wait, 10) == 0
    assert (await client.workers.get(worker.worker_id)).status is WorkerStatus.STOPPED
    kinds = [event.kind for event in await client.workers.events(worker)]
    assert kinds.index("SHUTDOWN_COMPLETE") < kinds.index("SHUTDOWN_REQUESTED") < kinds.index("STARTED")
    assert Counter((tmp_path / "executions").read_text().split()) == {f"{queue}-run": 3, "one": 1, "two": 1, "three": 1}


async def test_checklist_22_health_checks_report_accurate_status(
    own_coordinator: Coordinator, queue: str, spawn: Callable[..., Popen[str]]
) -> None:
    async with Client(own_coordinator.address, retry_for=1) as client:
        checker = HealthChecker(client, HealthCheckConfig(heartbeat_timeout_secs=120, heartbeat_warning_secs=60))
        assert (await checker.check_database_health()).status is HealthStatus.HEALTHY
        process = spawn(own_coordinator.address, queue, lease=2)

        async def registered() -> str:
            while not (workers := await client.workers.active()):
                await asyncio.sleep(0.05)
            return workers[0].worker_id

        worker = await asyncio.wait_for(registered(), 20)
        health = await checker.check_worker_health(worker)
        assert (health.status, health.active_workflows) == (HealthStatus.HEALTHY, 0)
        assert health.heartbeat_age is not None and health.heartbeat_age.total_seconds() < 10 and health.uptime is not None
        assert (await checker.comprehensive_check()).is_healthy
        process.kill()

        async def crashed() -> None:
            while (await checker.check_worker_health(worker)).status is not HealthStatus.UNHEALTHY:
                await asyncio.sleep(0.1)

        await asyncio.wait_for(crashed(), 20)
        result = await checker.comprehensive_check()
        assert not result.is_healthy and any(worker in error for error in result.errors)
        own_coordinator.stop()
        gone = await checker.comprehensive_check()
        assert not gone.is_healthy and gone.findings[0].subject == "coordinator"


async def test_checklist_20_workers_are_found_and_counted(client: Client, queue: str) -> None:
    released = asyncio.Event()

    async def hold() -> int:
        await released.wait()
        return 1

    @workflow(queue)
    async def holds(ctx: Context) -> list[int]:
        return await ctx.parallel("g", [("a", Member.step(hold))])

    async with serving(client, queue, holds, worker_id=f"{queue}-worker", labels={"zone": "eu"}) as worker:
        handle = await client.start(holds, task_queue=queue)
        while worker.active_workflow_count == 0:
            await asyncio.sleep(0.02)
        found = next(each for each in await client.workers.active() if each.worker_id == f"{queue}-worker")
        assert (found.workflows, found.labels, found.max_concurrent_workflows) == (((queue, 1),), {"zone": "eu"}, 10)
        assert await client.workers.count_active_workflows(found) == 1
        released.set()
        assert await handle.result(timeout=10) == [1]
        with pytest.raises(NotFound):
            await client.workers.get("nobody")


async def test_checklist_21_health(own_coordinator: Coordinator) -> None:
    lines = (await output(await run(own_coordinator, "health.py"))).splitlines()
    assert lines == ["database: HEALTHY", "✓ watched-worker is healthy", "all is well"]


async def test_checklist_19_worker_drain(coordinator: Coordinator) -> None:
    assert (await output(await run(coordinator, "worker_drain.py"))).splitlines() == [
        "SHUTTING_DOWN",
        "finished all the same",
        "STOPPED",
        "STARTED SHUTDOWN_REQUESTED SHUTDOWN_COMPLETE",
    ]
