"""A worker whose connection, session or coordinator goes away, and how it stops."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from fake_server import FakeServer
from scripted import ACTIVITY, LOCAL, recorded, value
from worker_tasks import activity_task, greet, local, lookup, workflow_task

from kagzi import Cancelled, Context, RetryPolicy, Worker, activity, workflow
from kagzi._messages import Duration, worker


@pytest.fixture
def server(batching_server: FakeServer) -> FakeServer:
    return batching_server


# Connections


async def test_a_broken_stream_is_resumed_and_reports_are_sent_again(server: FakeServer) -> None:
    release = asyncio.Event()

    @activity("slow")
    async def slow() -> str:
        await release.wait()
        return "done"

    async with Worker(server.address, workflows=[local], activities=[slow], max_concurrent_activities=5):
        first = await server.stream()
        first.push(activity_task("held", "slow"))
        first.push(workflow_task("t1", "local", "ada"))
        report = await first.next("report")
        first.end()
        second = await server.stream()
        assert second.hello is not None
        assert second.hello.session_id == "session-1"
        assert sorted(second.hello.held_tokens) == [b"held", b"t1"]
        again = await second.next("report")
        assert (again.report_id, again.token) == (report.report_id, b"t1")
        assert again.workflow == report.workflow
        assert not again.HasField("grant")
        grant = await second.next("grant")
        assert (grant.workflow_slots, grant.activity_slots) == (9, 4)
        await second.answer(again, recorded("shout"))
        done = await second.next("report")
        assert value(done.workflow.complete.output) == "ADA"
        release.set()
        assert value((await second.next("report")).activity.output) == "done"


async def test_a_lost_session_ends_the_work_and_registers_again(server: FakeServer) -> None:
    cancelled = asyncio.Event()

    @activity("slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with Worker(server.address, workflows=[greet], activities=[slow]) as running:
        stream = await server.stream()
        stream.push(workflow_task("t1", "greet", "x"))
        await stream.next("report")
        stream.push(activity_task("t2", "slow"))
        await stream.next("accepted")
        server.lost_sessions.add("session-1")
        stream.end()
        stream = await server.stream()
        assert stream.hello is not None
        assert (stream.hello.session_id, list(stream.hello.held_tokens)) == ("session-2", [])
        await asyncio.wait_for(cancelled.wait(), 5)
        assert running.cached_workflow_count == 0
        assert len(server.registrations) == 2


async def test_it_goes_to_the_next_address(server: FakeServer) -> None:
    other = await FakeServer().start()
    async with Worker(f"{server.address},{other.address}", workflows=[greet]):
        stream = await server.stream()
        stream.send(drain=worker.Drain(reconnect=True, reason="restart"))
        moved = await other.stream()
        assert moved.hello is not None and moved.hello.session_id == "session-1"
    await other.stop()


async def test_it_waits_for_a_coordinator_that_is_not_there_yet() -> None:
    server = await FakeServer().start()
    address = server.address
    await server.stop()
    running = Worker(address, workflows=[greet])
    entering = asyncio.ensure_future(running.__aenter__())
    await asyncio.sleep(0.1)
    assert not entering.done()
    server = await FakeServer().start(address)
    await asyncio.wait_for(entering, 10)
    await running.__aexit__(None, None, None)
    await server.stop()


async def test_a_silent_coordinator_is_left(server: FakeServer) -> None:
    server.heartbeat_interval = Duration(nanos=50_000_000)
    async with Worker(server.address, workflows=[greet]):
        stream = await server.stream()
        for _ in range(3):
            await stream.next("beat")


async def test_a_lost_task_is_not_reported_and_its_slot_is_granted(server: FakeServer) -> None:
    release = asyncio.Event()

    async def hold() -> None:
        await release.wait()

    @workflow("holds")
    async def holds(ctx: Context) -> None:
        await ctx.step("hold", hold)

    async with Worker(server.address, workflows=[holds]) as running:
        stream = await server.stream()
        await stream.next("grant")
        stream.push(workflow_task("t1", "holds"))
        await stream.next("accepted")
        stream.send(lost=worker.TaskLost(tokens=[b"t1"], reason="taken"))
        grant = await stream.next("grant")
        assert grant.workflow_slots == 1
        assert running.active_workflow_count == 0


async def test_a_report_that_found_no_database_is_sent_again(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagzi._session.RESEND_DELAY", 0.01)
    async with Worker(server.address, activities=[lookup]):
        stream = await server.stream()
        stream.push(activity_task("t1", "lookup", "ada"))
        report = await stream.next("report")
        rejection = worker.Rejection(reason=worker.REJECTION_REASON_UNAVAILABLE, message="no database")
        stream.send(answer=worker.ReportAnswer(report_id=report.report_id, rejection=rejection))
        again = await stream.next("report")
        assert (again.report_id, again.activity) == (report.report_id, report.activity)
        await stream.answer(again)


# Stopping


async def test_draining_finishes_what_runs_takes_nothing_new_and_says_goodbye(server: FakeServer) -> None:
    release = asyncio.Event()

    @activity("slow")
    async def slow() -> str:
        await release.wait()
        return "finished"

    running = Worker(server.address, workflows=[greet], activities=[slow, lookup])
    serving = asyncio.ensure_future(running.run())
    stream = await server.stream()
    stream.push(activity_task("t1", "slow"))
    await stream.next("accepted")
    os.kill(os.getpid(), signal.SIGTERM)
    while not running.is_draining:
        await asyncio.sleep(0)
    stream.push(activity_task("t2", "lookup", "x"))
    report = await stream.next("report")
    assert report.activity.HasField("give_back") and report.grant.activity_slots == 0
    await stream.answer(report)
    stream.push(workflow_task("t3", "greet", "x"))
    report = await stream.next("report")
    assert report.workflow.give_back.evicted
    await stream.answer(report)
    release.set()
    report = await stream.next("report")
    assert value(report.activity.output) == "finished"
    assert report.grant.activity_slots == 0
    await stream.answer(report)
    await stream.next("goodbye")
    await asyncio.wait_for(serving, 5)


async def test_what_outlasts_the_timeout_is_given_back(server: FakeServer) -> None:
    @activity("slow")
    async def slow() -> None:
        await asyncio.sleep(60)

    running = Worker(server.address, activities=[slow], graceful_shutdown_timeout_secs=0.05)
    serving = asyncio.ensure_future(running.run())
    stream = await server.stream()
    stream.push(activity_task("t1", "slow"))
    await stream.next("accepted")
    running.stop()
    report = await stream.next("report")
    assert report.activity.HasField("give_back")
    await stream.answer(report)
    await stream.next("goodbye")
    await asyncio.wait_for(serving, 5)


async def test_the_coordinator_can_ask_for_a_drain(server: FakeServer) -> None:
    running = Worker(server.address, activities=[lookup])
    serving = asyncio.ensure_future(running.run())
    stream = await server.stream()
    stream.send(drain=worker.Drain(timeout=Duration(seconds=1), reason="operator"))
    await stream.next("goodbye")
    await asyncio.wait_for(serving, 5)


async def test_a_worker_runs_once(server: FakeServer) -> None:
    async with Worker(server.address, activities=[lookup]) as running:
        with pytest.raises(RuntimeError, match="started already"):
            await running.run()
    with pytest.raises(RuntimeError):
        await running.run()


def test_mistakes_in_the_registration_are_found_at_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        Worker(workflows=[greet, workflow("greet")(local.function)])
    with pytest.raises(TypeError, match="decorate it"):
        Worker(workflows=[local.function])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="async"):
        workflow("sync")(lambda ctx: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="at most one input"):
        activity("two")(lambda first, second, third: None)  # type: ignore[misc,arg-type,call-overload]
    with pytest.raises(ValueError, match="max_attempts"):
        RetryPolicy(max_attempts=0)


def test_the_same_scripts_apply() -> None:
    assert (LOCAL, ACTIVITY) == (1, 2)
    assert issubclass(Cancelled, asyncio.CancelledError)
