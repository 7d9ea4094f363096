"""A worker at work: tasks, reports, progress."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

import pytest
from fake_server import FakeServer
from scripted import LOCAL, completed, value
from worker_tasks import activity_task, greet, local, lookup, workflow_task

from kagzi import ActivityContext, Context, ErrorKind, StepError, Worker, activity, activity_context, workflow
from kagzi._messages import Duration, common, worker


@activity("where")
def where() -> str:
    return threading.current_thread().name


@pytest.fixture
def server(batching_server: FakeServer) -> FakeServer:
    return batching_server


async def test_it_registers_with_all_it_can_do_and_grants_its_slots(server: FakeServer) -> None:
    options: dict[str, Any] = {"worker_id": "w-1", "max_concurrent_workflows": 3, "max_concurrent_activities": 4}
    async with Worker(
        server.address, workflows=[greet, local], activities=[lookup], task_queues=["a", "b"], labels={"zone": "1"}, **options
    ) as running:
        stream = await server.stream()
        grant = await stream.next("grant")
        assert (grant.workflow_slots, grant.activity_slots) == (3, 4)
        assert running.is_running and running.worker_id == "w-1"
    registration = server.registrations[0]
    assert [(each.type, each.version) for each in registration.workflows] == [("greet", 1), ("local", 1)]
    assert [(each.type, each.version) for each in registration.activities] == [("lookup", 1)]
    assert (registration.sdk_name, registration.pid, dict(registration.labels)) == ("kagzi-python", os.getpid(), {"zone": "1"})
    assert list(registration.task_queues) == ["a", "b"]
    assert not running.is_running


async def test_a_workflow_with_an_activity(server: FakeServer) -> None:
    async with Worker(server.address, workflows=[greet], activities=[lookup]) as running:
        stream = await server.stream()
        stream.push(workflow_task("t1", "greet", "ada"))
        report = await stream.next("report")
        assert report.workflow.WhichOneof("outcome") == "suspend"
        assert report.grant.workflow_slots == 1
        await stream.answer(report)
        stream.push(activity_task("t2", "lookup", "ada"))
        report = await stream.next("report")
        assert (value(report.activity.output), report.grant.activity_slots) == ("Ada", 1)
        await stream.answer(report)
        assert running.cached_workflow_count == 1
        delta = workflow_task("t3", "greet", delta=True, steps=[completed("lookup", "Ada")])
        stream.push(delta)
        report = await stream.next("report")
        assert value(report.workflow.complete.output) == "hello Ada"
        await stream.answer(report)
        assert (running.active_workflow_count, running.cached_workflow_count) == (0, 0)


async def test_reports_that_wait_go_in_one_message_and_so_do_tasks_and_answers(server: FakeServer) -> None:
    server.max_reports = min(server.max_reports, 8)
    async with Worker(server.address, activities=[lookup], max_concurrent_activities=20) as running:
        stream = await server.stream()
        assert stream.hello is not None and stream.hello.takes_batches
        stream.push(*(activity_task(f"t{number}", "lookup", f"name-{number}") for number in range(20)))
        reports = [await stream.next("report") for _ in range(20)]
        assert [value(report.activity.output) for report in reports] == [f"Name-{number}" for number in range(20)]
        assert sorted({report.report_id for report in reports}) == [report.report_id for report in reports]
        if server.max_reports:
            assert [count for count in stream.batches if count] == [8, 8, 4]
            stream.send(answers=[worker.ReportAnswer(report_id=report.report_id) for report in reports])
        else:
            assert not any(stream.batches)
            for report in reports:
                await stream.answer(report)
        assert running.active_activity_count == 0
        assert await running.session.wait_answered(5)


async def test_beats_do_not_wait_until_all_tasks_that_came_together_have_run(server: FakeServer) -> None:
    @activity("blocks")
    async def blocks() -> None:
        time.sleep(0.004)  # noqa: ASYNC251  # the mistake that is tried

    server.heartbeat_interval = Duration(nanos=50_000_000)
    async with Worker(server.address, activities=[blocks], max_concurrent_activities=100):
        stream = await server.stream()
        await stream.next("grant")
        stream.push(*(activity_task(f"t{number}", "blocks") for number in range(100)))
        kinds: list[str | None] = []
        while kinds.count("report") < 100:
            request = await asyncio.wait_for(stream.received.get(), 5)
            assert request is not None
            kinds.append(request.WhichOneof("message"))
        assert "beat" in kinds[kinds.index("report") :]


async def test_progress_goes_out_before_the_report_of_its_activity_and_after_those_before_it(server: FakeServer) -> None:
    @activity("says")
    async def says(details: str | None) -> None:
        if details is not None:
            activity_context().heartbeat(details)

    async with Worker(server.address, activities=[says]):
        stream = await server.stream()
        await stream.next("grant")
        stream.push(*(activity_task(f"t{number}", "says", details) for number, details in enumerate([None, None, "far", None])))
        order = []
        while len(order) < 5:
            request = await asyncio.wait_for(stream.received.get(), 5)
            assert request is not None
            if request.HasField("beat"):
                order += [f"progress of {progress.token.decode()}" for progress in request.beat.progress]
            elif request.HasField("report"):
                order.append(request.report.token.decode())
        assert order == ["t0", "t1", "progress of t2", "t2", "t3"]


async def test_a_delta_of_a_run_that_is_not_in_memory_is_given_back(server: FakeServer) -> None:
    async with Worker(server.address, workflows=[greet]):
        stream = await server.stream()
        stream.push(workflow_task("t1", "greet", delta=True, steps=[completed("lookup", "Ada")]))
        report = await stream.next("report")
        assert report.workflow.give_back.evicted
        assert report.grant.workflow_slots == 1
        await stream.answer(report)


async def test_the_least_recently_used_function_is_evicted(server: FakeServer) -> None:
    async with Worker(server.address, workflows=[greet], max_cached_workflows=2) as running:
        stream = await server.stream()
        for number in range(3):
            stream.push(workflow_task(f"t{number}", "greet", "x", run=f"run-{number}"))
            await stream.answer(await stream.next("report"))
        assert running.cached_workflow_count == 2
        stream.push(workflow_task("d0", "greet", run="run-0", delta=True, steps=[completed("lookup", "X")]))
        report = await stream.next("report")
        assert report.workflow.give_back.evicted
        stream.push(workflow_task("d2", "greet", run="run-2", delta=True, steps=[completed("lookup", "X")]))
        assert (await stream.next("report")).workflow.HasField("complete")


async def test_unknown_types_and_versions_are_given_back(server: FakeServer) -> None:
    async with Worker(server.address, workflows=[greet], activities=[lookup]):
        stream = await server.stream()
        unknown = workflow_task("t1", "greet")
        unknown.workflow_version = 9
        stream.push(unknown)
        report = await stream.next("report")
        assert "version 9" in report.workflow.give_back.reason and not report.workflow.give_back.evicted
        stream.push(activity_task("t2", "unknown"))
        report = await stream.next("report")
        assert "unknown" in report.activity.give_back.reason


async def test_steps_that_did_not_fit_are_fetched(server: FakeServer) -> None:
    @workflow("long")
    async def long(ctx: Context) -> list[int]:
        return [await ctx.activity("one") for _ in range(4)]

    server.steps_to_fetch = [completed("one#2", 2), completed("one#3", 3), completed("one#4", 4)]
    async with Worker(server.address, workflows=[long]):
        stream = await server.stream()
        stream.push(workflow_task("t1", "long", steps=[completed("one", 1)], more_steps_token="0"))
        report = await stream.next("report")
        assert value(report.workflow.complete.output) == [1, 2, 3, 4]


async def test_a_fetch_goes_on_after_a_lost_connection(server: FakeServer) -> None:
    server.steps_to_fetch = [completed("lookup", "Ada")]
    server.hold_fetches = asyncio.Event()
    async with Worker(server.address, workflows=[greet]) as running:
        stream = await server.stream()
        stream.push(workflow_task("t1", "greet", "ada", more_steps_token="0"))
        await asyncio.wait_for(server.fetching.wait(), 5)
        server.hold_fetches = None
        stream.end()
        stream = await server.stream()
        assert stream.hello is not None and list(stream.hello.held_tokens) == [b"t1"]
        stream.push(workflow_task("t1", "greet", "ada", more_steps_token="0"))  # pushed again: not run twice
        report = await stream.next("report")
        assert (report.token, value(report.workflow.complete.output)) == (b"t1", "hello Ada")
        await stream.answer(report)
        assert running.active_workflow_count == 0


async def test_a_new_task_of_a_run_replaces_the_one_at_work(server: FakeServer) -> None:
    release = asyncio.Event()

    @workflow("holds")
    async def holds(ctx: Context) -> None:
        await ctx.step("hold", release.wait)

    async with Worker(server.address, workflows=[holds]) as running:
        stream = await server.stream()
        await stream.next("grant")
        stream.push(workflow_task("t1", "holds"))
        await stream.next("accepted")
        stream.push(workflow_task("t2", "holds", steps=[completed("hold", True, LOCAL)]))
        assert (await stream.next("grant")).workflow_slots == 1
        report = await stream.next("report")
        assert report.token == b"t2" and report.workflow.HasField("complete")
        assert running.active_workflow_count == 0


async def test_a_worker_that_stops_while_it_fetches_gives_the_task_back(server: FakeServer) -> None:
    server.steps_to_fetch = [completed("lookup", "Ada")]
    server.hold_fetches = asyncio.Event()
    running = Worker(server.address, workflows=[greet], graceful_shutdown_timeout_secs=0.05)
    serving = asyncio.ensure_future(running.run())
    stream = await server.stream()
    stream.push(workflow_task("t1", "greet", "ada", more_steps_token="0"))
    await asyncio.wait_for(server.fetching.wait(), 5)
    running.stop()
    report = await stream.next("report")
    assert report.token == b"t1" and report.workflow.give_back.evicted
    await stream.answer(report)
    await stream.next("goodbye")
    await asyncio.wait_for(serving, 5)


async def test_tasks_that_take_longer_are_accepted_together(server: FakeServer) -> None:
    release = asyncio.Event()

    @activity("slow")
    async def slow() -> None:
        await release.wait()

    async with Worker(server.address, activities=[slow]):
        stream = await server.stream()
        await stream.next("grant")
        for number in range(3):
            stream.push(activity_task(f"t{number}", "slow"))
        accepted = await stream.next("accepted")
        assert list(accepted.tokens) == [b"t0", b"t1", b"t2"]
        release.set()
        for _ in range(3):
            await stream.answer(await stream.next("report"))


async def test_functions_that_are_not_async_run_in_threads(server: FakeServer) -> None:
    async with Worker(server.address, activities=[where]):
        stream = await server.stream()
        stream.push(activity_task("t1", "where"))
        assert value((await stream.next("report")).activity.output).startswith("kagzi")


async def test_a_failed_activity_reports_its_kind(server: FakeServer) -> None:
    @activity("fails")
    async def fails(input: dict[str, str]) -> None:
        raise StepError(ErrorKind.RATE_LIMITED, "slow down", retry_after=2, context={"host": "x"}, code="E429")

    async with Worker(server.address, activities=[fails]):
        stream = await server.stream()
        stream.push(activity_task("t1", "fails", {"a": "b"}))
        failure = (await stream.next("report")).activity.failure
        assert (failure.kind, failure.code, failure.retry_after.seconds) == (common.ERROR_KIND_RATE_LIMITED, "E429", 2)
        stream.push(activity_task("t2", "fails", "not a dict"))
        failure = (await stream.next("report")).activity.failure
        assert failure.kind == common.ERROR_KIND_INVALID_INPUT


async def test_progress_goes_out_and_comes_back(server: FakeServer) -> None:
    @activity("count")
    async def count(ctx: ActivityContext) -> int:
        begun = ctx.progress or 0
        ctx.heartbeat(begun + 5)
        raise ConnectionError("half way")

    async with Worker(server.address, activities=[count]):
        stream = await server.stream()
        await stream.next("grant")
        stream.push(activity_task("t1", "count", progress=10))
        beat = await stream.next("beat")
        assert (beat.progress[0].token, value(beat.progress[0].details)) == (b"t1", 15)
        assert (await stream.next("report")).activity.HasField("failure")


async def test_an_async_activity_is_cancelled_by_asyncio(server: FakeServer) -> None:
    started = asyncio.Event()

    @activity("slow")
    async def slow() -> None:
        started.set()
        await asyncio.sleep(60)

    async with Worker(server.address, activities=[slow]):
        stream = await server.stream()
        stream.push(activity_task("t1", "slow"))
        await started.wait()
        stream.send(cancel=worker.CancelTask(token=b"t1", reason="no more"))
        report = await stream.next("report")
        assert report.activity.cancelled.message == "no more"


async def test_a_thread_finds_out_by_its_heartbeat(server: FakeServer) -> None:
    started, seen = threading.Event(), threading.Event()

    @activity("slow")
    def slow() -> None:
        started.set()
        ctx = activity_context()
        while not ctx.is_cancelled:
            seen.wait(0.005)
        ctx.heartbeat()

    async with Worker(server.address, activities=[slow]):
        stream = await server.stream()
        stream.push(activity_task("t1", "slow"))
        await asyncio.get_running_loop().run_in_executor(None, started.wait)
        stream.send(cancel=worker.CancelTask(token=b"t1", reason="no more"))
        assert (await stream.next("report")).activity.HasField("cancelled")


async def test_an_activity_may_be_completed_later(server: FakeServer) -> None:
    tokens = []

    @activity("later")
    async def later() -> None:
        tokens.append(activity_context().complete_later())

    async with Worker(server.address, activities=[later]):
        stream = await server.stream()
        stream.push(activity_task("t1", "later"))
        assert (await stream.next("report")).activity.HasField("completes_later")
        assert tokens == [b"t1"]
