"""What operators call: versions, workers, queues, schedules, namespaces, batches, run control, health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import grpc
import pytest
from fake_server import FakeServer, refuse
from scripted import value

from kagzi import (
    AlreadyExists,
    BatchAction,
    Client,
    Context,
    FiringCause,
    GroupStrategy,
    GroupVerdict,
    HealthCheckConfig,
    HealthChecker,
    HealthStatus,
    Kagzi,
    OverlapPolicy,
    RunStatus,
    Unavailable,
    Unhealthy,
    VersionDeprecated,
    VersionNotRegistered,
    Worker,
    WorkerStatus,
    _payloads,
    activity,
    workflow,
)
from kagzi._messages import Duration, Timestamp, admin, details, registry, schedule_service, worker_service, workflow_service
from kagzi._messages import run as records

NOON = Timestamp(seconds=1_700_000_000)


@workflow("order", version=2)
async def order(ctx: Context, amount: float) -> float:
    return amount


@activity("charge")
async def charge(amount: float) -> str:
    return "receipt"


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    server = await FakeServer().start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: FakeServer) -> AsyncIterator[Client]:
    async with Client(server.address, namespace="shop", retry_for=2) as client:
        yield client


def answer(server: FakeServer, method: str, *responses: Any) -> list[Any]:
    """Answers a method with these, one after the other (the last for ever); gives the requests that came."""
    requests: list[Any] = []
    left = list(responses)

    async def handle(request: Any, context: Any) -> Any:
        requests.append(request)
        return left.pop(0) if len(left) > 1 else left[0]

    server.unary[method] = handle
    return requests


# Versions


async def test_checklist_16_versions_are_set_rolled_out_and_deprecated(server: FakeServer, client: Client) -> None:
    defaults = answer(server, "SetDefaultVersion", registry.SetDefaultVersionResponse())
    rollouts = answer(server, "SetRollout", registry.SetRolloutResponse())
    deprecations = answer(server, "DeprecateVersion", registry.DeprecateVersionResponse())
    await client.workflow_types.set_default(order, 2)
    await client.activity_types.set_default("charge", 3)
    await client.workflow_types.set_rollout("order", {3: 5.0})
    await client.workflow_types.deprecate("order", 1)
    await client.workflow_types.deprecate("order", 1, undo=True)
    assert [(each.namespace, each.kind, each.type, each.version) for each in defaults] == [
        ("shop", registry.TYPE_KIND_WORKFLOW, "order", 2),
        ("shop", registry.TYPE_KIND_ACTIVITY, "charge", 3),
    ]
    assert [(each.version, each.percent) for each in rollouts[0].weights] == [(3, 5.0)]
    assert [(each.version, each.undo) for each in deprecations] == [(1, False), (1, True)]


async def test_checklist_16_types_are_described_and_listed_over_pages(server: FakeServer, client: Client) -> None:
    version = registry.VersionDescription(
        version=1, deprecated=True, percent=5, open_count=2, live_workers=3, drained=False, first_registered_at=NOON
    )
    description = registry.TypeDescription(type="order", default_version=2, versions=[version])
    answer(server, "DescribeWorkflowType", registry.DescribeWorkflowTypeResponse(description=description))
    answer(server, "DescribeActivityType", registry.DescribeActivityTypeResponse(description=description))
    requests = answer(
        server,
        "ListWorkflowTypes",
        registry.ListWorkflowTypesResponse(types=[description], next_page_token="more"),
        registry.ListWorkflowTypesResponse(types=[description]),
    )
    answer(server, "ListActivityTypes", registry.ListActivityTypesResponse(types=[description]))
    found = await client.workflow_types.describe(order)
    assert (found.default_version, found.version(1).open_count, found.version(1).deprecated) == (2, 2, True)
    assert found.version(1).last_registered_at is None
    with pytest.raises(LookupError, match="no version 9"):
        found.version(9)
    assert (await client.activity_types.describe(charge)).default_version == 2
    assert await client.workflow_types.get_default("order") == 2
    assert len(await client.workflow_types.list()) == 2
    assert [each.page_token for each in requests] == ["", "more"]
    assert len(await client.activity_types.list()) == 1


async def test_checklist_16_a_default_that_nobody_registered_is_a_typed_error(server: FakeServer, client: Client) -> None:
    async def refused(request: Any, context: Any) -> Any:
        detail = details.VersionNotRegistered(type="order", version=9)
        await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "version 9 of 'order' was never registered", detail)

    server.unary["SetDefaultVersion"] = refused
    with pytest.raises(VersionNotRegistered) as caught:
        await client.workflow_types.set_default("order", 9)
    assert (caught.value.type, caught.value.version) == ("order", 9)

    async def deprecated(request: Any, context: Any) -> Any:
        detail = details.VersionDeprecated(type="order", version=1)
        await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "version 1 takes no new runs", detail)

    server.unary["StartWorkflow"] = deprecated
    with pytest.raises(VersionDeprecated):
        await client.start("order", version=1)


async def test_runs_are_moved_and_the_progress_is_seen(server: FakeServer, client: Client) -> None:
    requests = []

    async def move(request: Any, context: Any) -> Any:
        requests.append(request)
        yield registry.MoveRunsResponse(total=2, moved=1)
        yield registry.MoveRunsResponse(total=2, moved=1, conflicts=["run 2: step 'pay' is gone"], finished=True)

    server.unary["MoveRuns"] = move
    found = [each async for each in client.workflow_types.move_runs("order", 1, 2, dry_run=True, tags={"zone": "eu"})]
    assert [each.finished for each in found] == [False, True]
    assert found[-1].conflicts == ("run 2: step 'pay' is gone",)
    assert (requests[0].dry_run, dict(requests[0].filter.tags)) == (True, {"zone": "eu"})


# Workers and queues


def a_worker(worker_id: str, status: Any = admin.WORKER_STATUS_RUNNING) -> admin.Worker:
    return admin.Worker(
        worker_id=worker_id, status=status, workflow_slots=10, active_workflows=2, hostname="h", sdk_name="kagzi-python",
        sdk_version="1", registered_at=NOON, heartbeat_interval=Duration(seconds=10),
    )  # fmt: skip


async def test_checklist_20_workers_are_listed_read_counted_and_drained(server: FakeServer, client: Client) -> None:
    lists = answer(
        server,
        "ListWorkers",
        admin.ListWorkersResponse(workers=[a_worker("a")], next_page_token="more"),
        admin.ListWorkersResponse(workers=[a_worker("b", admin.WORKER_STATUS_SHUTTING_DOWN)]),
    )
    answer(server, "GetWorker", admin.GetWorkerResponse(worker=a_worker("a")))
    drains = answer(server, "DrainWorker", admin.DrainWorkerResponse())
    active = await client.workers.active()
    assert [(each.worker_name, each.status) for each in active] == [
        ("a", WorkerStatus.RUNNING),
        ("b", WorkerStatus.SHUTTING_DOWN),
    ]
    assert [list(each.statuses) for each in lists] == [[1, 2], [1, 2]]
    assert (active[0].heartbeat_interval, active[0].ended_at) == (timedelta(seconds=10), None)
    assert await client.workers.count_active_workflows(active[0]) == 2
    await client.workers.drain("a", timeout=5, reason="deploy")
    assert (drains[0].worker_id, drains[0].timeout.seconds, drains[0].reason) == ("a", 5, "deploy")


async def test_checklist_19_worker_events_come_newest_first(server: FakeServer, client: Client) -> None:
    events = [admin.WorkerEvent(worker_id="a", at=NOON, kind=kind) for kind in ("SHUTDOWN_COMPLETE", "STARTED")]
    requests = answer(server, "ListWorkerEvents", admin.ListWorkerEventsResponse(events=events, next_page_token="more"))
    found = await client.workers.events("a", limit=3)
    assert [each.kind for each in found] == ["SHUTDOWN_COMPLETE", "STARTED", "SHUTDOWN_COMPLETE"]
    assert len(requests) == 2


async def test_queues_say_what_waits(server: FakeServer, client: Client) -> None:
    queue = admin.Queue(task_queue="default", entries=[admin.QueueEntry(kind="workflow", ready=3, live_workers=0)])
    queue.entries[0].type.type = "order"
    answer(server, "DescribeQueue", admin.DescribeQueueResponse(queue=queue))
    answer(server, "ListQueues", admin.ListQueuesResponse(queues=[queue]))
    answer(server, "GetStats", admin.GetStatsResponse(values={"commits": 4}))
    entry = (await client.queues.get()).entries[0]
    assert (entry.type, entry.version, entry.ready, entry.live_workers, entry.oldest_ready_at) == ("order", 1, 3, 0, None)
    assert [each.name for each in await client.queues.list()] == ["default"]
    assert await client.queues.stats() == {"commits": 4}


# Schedules


async def test_a_schedule_says_what_and_when(server: FakeServer, client: Client) -> None:
    made = schedule_service.Schedule(schedule_id="nightly", paused=False, next_at=NOON)
    made.spec.cron = "0 3 * * *"
    requests = answer(server, "CreateSchedule", schedule_service.CreateScheduleResponse(schedule=made))
    schedule = await client.schedules.create(
        "nightly", order, 9.5, cron="0 3 * * *", time_zone="Europe/Berlin", jitter=30, overlap=OverlapPolicy.BUFFER_ONE,
        catch_up_window=600, catch_up_limit=5, id="report", task_queue="q",
    )  # fmt: skip
    spec = requests[0].spec
    assert (spec.cron, spec.time_zone, spec.jitter.seconds, spec.overlap_policy) == ("0 3 * * *", "Europe/Berlin", 30, 2)
    assert (spec.catch_up_window.seconds, spec.catch_up_limit) == (600, 5)
    assert (spec.start.workflow_type, value(spec.start.input), spec.start.workflow_id) == ("order", 9.5, "report")
    assert (schedule.cron, schedule.interval, schedule.overlap) == ("0 3 * * *", None, OverlapPolicy.SKIP)
    assert schedule.next_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)


async def test_a_schedule_needs_one_timing(client: Client) -> None:
    with pytest.raises(ValueError, match="either"):
        await client.schedules.create("s", order, 1)
    with pytest.raises(ValueError, match="either"):
        await client.schedules.create("s", order, 1, cron="* * * * *", interval=60)


async def test_schedules_are_steered(server: FakeServer, client: Client) -> None:
    made = schedule_service.Schedule(schedule_id="s")
    made.spec.interval.FromSeconds(60)
    made.spec.start.input.CopyFrom(_payloads.encode({"n": 1}))
    pauses = answer(server, "PauseSchedule", schedule_service.PauseScheduleResponse())
    answer(server, "ResumeSchedule", schedule_service.ResumeScheduleResponse())
    answer(server, "DeleteSchedule", schedule_service.DeleteScheduleResponse())
    answer(server, "TriggerSchedule", schedule_service.TriggerScheduleResponse(run_id="run-7"))
    fills = answer(server, "BackfillSchedule", schedule_service.BackfillScheduleResponse(fired=3))
    answer(server, "GetSchedule", schedule_service.GetScheduleResponse(schedule=made))
    answer(server, "UpdateSchedule", schedule_service.UpdateScheduleResponse(schedule=made))
    answer(server, "ListSchedules", schedule_service.ListSchedulesResponse(schedules=[made]))
    firing = schedule_service.ScheduleFiring(scheduled_at=NOON, skip_reason="the last run is open", cause=2)
    answer(server, "ListScheduleFirings", schedule_service.ListScheduleFiringsResponse(firings=[firing]))
    await client.schedules.pause("s", "holiday")
    await client.schedules.resume("s")
    await client.schedules.delete("s")
    assert pauses[0].note == "holiday"
    assert await client.schedules.trigger("s") == "run-7"
    since, until = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 2, tzinfo=timezone.utc)
    assert await client.schedules.backfill("s", since, until) == 3
    assert getattr(fills[0], "from").seconds == int(since.timestamp())
    assert (await client.schedules.get("s")).interval == timedelta(seconds=60)
    assert (await client.schedules.update("s", order, 1, interval=60)).input() == {"n": 1}
    assert len(await client.schedules.list()) == 1
    found = [each async for each in client.schedules.firings("s")]
    assert [(each.skip_reason, each.cause) for each in found] == [("the last run is open", FiringCause.TRIGGER)]


async def test_a_trigger_that_may_have_fired_is_not_repeated(server: FakeServer, client: Client) -> None:
    calls = []

    async def away(request: Any, context: Any) -> Any:
        calls.append(request)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "away")

    server.unary["TriggerSchedule"] = away
    with pytest.raises(Unavailable):
        await client.schedules.trigger("s")
    assert len(calls) == 1


# Namespaces, batches


async def test_namespaces_are_made_changed_and_disabled(server: FakeServer, client: Client) -> None:
    made = admin.Namespace(name="shop", enabled=True, retention=Duration(seconds=3600))
    creations = answer(server, "CreateNamespace", admin.CreateNamespaceResponse(namespace=made))
    updates = answer(server, "UpdateNamespace", admin.UpdateNamespaceResponse(namespace=made))
    answer(server, "GetNamespace", admin.GetNamespaceResponse(namespace=admin.Namespace(name="x")))
    answer(server, "ListNamespaces", admin.ListNamespacesResponse(namespaces=[made]))
    disabled = answer(server, "DisableNamespace", admin.DisableNamespaceResponse())
    answer(server, "EnableNamespace", admin.EnableNamespaceResponse())
    assert (await client.namespaces.create("shop", description="d", retention=3600)).retention == timedelta(hours=1)
    assert creations[0].retention.seconds == 3600
    await client.namespaces.update("shop", description="")
    assert updates[0].HasField("description") and not updates[0].HasField("retention")
    assert (await client.namespaces.get("x")).retention is None
    assert [each.name for each in await client.namespaces.list()] == ["shop"]
    await client.namespaces.disable("shop")
    await client.namespaces.enable("shop")
    assert disabled[0].name == "shop"

    async def there(request: Any, context: Any) -> Any:
        detail = details.ResourceExists(kind="namespace", name="shop")
        await refuse(context, grpc.StatusCode.ALREADY_EXISTS, "there is a namespace 'shop' already", detail)

    server.unary["CreateNamespace"] = there
    with pytest.raises(AlreadyExists) as caught:
        await client.namespaces.create("shop")
    assert (caught.value.kind, caught.value.name) == ("namespace", "shop")


async def test_a_batch_shows_its_progress(server: FakeServer, client: Client) -> None:
    requests = []

    async def batch(request: Any, context: Any) -> Any:
        requests.append(request)
        yield workflow_service.BatchRunsResponse(total=2, done=1)
        yield workflow_service.BatchRunsResponse(total=2, done=1, failed=1, failures=["run 2 is closed"], finished=True)

    server.unary["BatchRuns"] = batch
    progress = client.batches.run(
        BatchAction.SIGNAL, signal="go", payload=1, workflow="order", statuses=[RunStatus.WAITING], max_per_second=5
    )
    assert [each.done + each.failed async for each in progress] == [1, 2]
    request = requests[0]
    assert (request.signal_name, value(request.payload), request.max_per_second) == ("go", 1, 5)
    assert (request.filter.workflow_type, list(request.filter.statuses)) == ("order", [3])
    assert request.request_id
    signal: dict[str, Any] = {"signal": "go", "workflow": "order"}
    for again in ({}, {"request_id": "mine"}):
        assert [each.finished async for each in client.batches.run(BatchAction.SIGNAL, **signal, **again)] == [False, True]
    assert requests[1].request_id not in ("", request.request_id) and requests[2].request_id == "mine"
    assert [each.finished async for each in client.batches.run(BatchAction.PAUSE, workflow="order")] == [False, True]
    assert requests[3].request_id == ""


# Run control, signals, groups


async def test_a_handle_steers_its_run(server: FakeServer, client: Client) -> None:
    signals = answer(server, "SignalWorkflow", workflow_service.SignalWorkflowResponse(run_id="run-1"))
    pauses = answer(server, "PauseRun", workflow_service.PauseRunResponse(run_id="run-1"))
    answer(server, "ResumeRun", workflow_service.ResumeRunResponse(run_id="run-1"))
    answer(server, "RetryRun", workflow_service.RetryRunResponse(run_id="run-1"))
    forks = answer(server, "ForkRun", workflow_service.ForkRunResponse(run_id="run-2"))
    run = records.Run(run_id="run-1", status=records.RUN_STATUS_SLEEPING, parent_run_id="run-0", related_run_id="run-9")
    answer(server, "ExplainRun", workflow_service.ExplainRunResponse(run=run, reasons=["it sleeps"], next_wake_at=NOON))
    group = records.Group(key="g", strategy=records.GROUP_STRATEGY_RACE, member_count=3, failed=1, winner="")
    answer(server, "ListGroups", workflow_service.ListGroupsResponse(groups=[group]))
    answer(server, "GetRun", workflow_service.GetRunResponse(run=run))
    handle = client.handle(workflow_id="order-1")
    await handle.signal("approve", {"by": "ada"})
    assert (signals[0].workflow_id, signals[0].signal_name, value(signals[0].payload)) == ("order-1", "approve", {"by": "ada"})
    assert signals[0].request_id
    await handle.pause("look at it")
    assert (pauses[0].run_id, pauses[0].reason) == ("run-1", "look at it")
    await handle.resume()
    await handle.retry()
    forked = await handle.fork("pay", input=None, id="order-2")
    assert (forked.run_id, forked.workflow_id, forks[0].input.encoding) == ("run-2", "order-2", "null")
    explanation = await handle.explain()
    assert (explanation.reasons, explanation.run.status, explanation.run.parent_run_id) == (
        ["it sleeps"],
        RunStatus.SLEEPING,
        "run-0",
    )
    assert explanation.next_wake_at is not None
    found = (await handle.groups())[0]
    assert (found.strategy, found.verdict, found.failed) == (GroupStrategy.RACE, GroupVerdict.OPEN, 1)


async def test_a_fork_whose_answer_got_lost_is_asked_for_again_as_the_same(server: FakeServer, client: Client) -> None:
    requests: list[Any] = []

    async def fork(request: Any, context: Any) -> Any:
        requests.append(request)
        if len(requests) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the answer got lost")
        return workflow_service.ForkRunResponse(run_id="run-2")

    server.unary["ForkRun"] = fork
    handle = client.handle("run-1")
    assert (await handle.fork("pay")).run_id == "run-2"
    assert len(requests) == 2 and requests[0].request_id == requests[1].request_id != ""
    await handle.fork("pay")
    await handle.fork("pay", request_id="mine")
    assert requests[2].request_id not in ("", requests[0].request_id) and requests[3].request_id == "mine"


async def test_a_signal_starts_its_run_if_need_be(server: FakeServer, client: Client) -> None:
    requests = answer(server, "SignalWithStart", workflow_service.SignalWithStartResponse(run_id="run-1", started=True))
    handle = await client.signal_with_start(order, 3, id="order-1", signal="item", payload="book")
    request = requests[0]
    assert (request.start.workflow_id, request.signal_name, value(request.payload)) == ("order-1", "item", "book")
    assert request.request_id == request.start.request_id != ""
    assert (handle.run_id, handle.was_started) == ("run-1", True)


async def test_a_result_follows_the_runs_that_continue_it(server: FakeServer, client: Client) -> None:
    asked = []

    async def wait(request: Any, context: Any) -> Any:
        asked.append(request.run_id)
        number = int(request.run_id.removeprefix("run-"))
        run = records.Run(run_id=request.run_id, workflow_id="order-1", status=records.RUN_STATUS_CONTINUED)
        run.related_run_id = f"run-{number + 1}"
        if number == 3:
            run.status = records.RUN_STATUS_COMPLETED
            run.related_run_id = "run-2"
            run.output.CopyFrom(_payloads.encode("done"))
        return workflow_service.WaitRunResponse(run=run, closed=True)

    server.unary["WaitRun"] = wait
    assert await client.handle("run-1").result() == "done"
    assert asked == ["run-1", "run-2", "run-3"]


async def test_runs_are_filtered_and_counted_by_parent_and_version(server: FakeServer, client: Client) -> None:
    counts = answer(
        server, "CountRuns", workflow_service.CountRunsResponse(counts=[workflow_service.StatusCount(status=6, count=2)])
    )
    lists = answer(server, "ListRuns", workflow_service.ListRunsResponse())
    assert await client.count(workflow=order, version=2, parent_run_id="run-0") == {RunStatus.COMPLETED: 2}
    assert [run async for run in client.list(parent_run_id="run-0")] == []
    assert (counts[0].filter.workflow_version, counts[0].filter.parent_run_id) == (2, "run-0")
    assert lists[0].filter.parent_run_id == "run-0"


# Health


def finding(subject: str, status: Any, message: str = "", **evidence: str) -> admin.HealthFinding:
    return admin.HealthFinding(subject=subject, status=status, message=message, evidence=evidence)


async def test_checklist_21_a_comprehensive_check_gives_errors_and_warnings(server: FakeServer, client: Client) -> None:
    response = admin.CheckHealthResponse(
        status=admin.HEALTH_STATUS_UNHEALTHY,
        findings=[
            finding("database", admin.HEALTH_STATUS_HEALTHY, "a round trip took 1 ms"),
            finding("worker/a", admin.HEALTH_STATUS_DEGRADED, "it drains"),
            finding("queue/q", admin.HEALTH_STATUS_UNHEALTHY, "nobody serves it"),
        ],
    )
    requests = answer(server, "CheckHealth", response)
    checker = HealthChecker(client, HealthCheckConfig(heartbeat_timeout_secs=10, heartbeat_warning_secs=5))
    health = await checker.comprehensive_check()
    assert (health.is_healthy, health.status) == (False, HealthStatus.UNHEALTHY)
    assert (health.errors, health.warnings) == (["queue/q: nobody serves it"], ["worker/a: it drains"])
    request = requests[0]
    assert (request.namespace, request.heartbeat_timeout.seconds, request.heartbeat_warning.seconds) == ("shop", 10, 5)
    assert (await checker.check_database_health()).status is HealthStatus.HEALTHY


async def test_checklist_21_thresholds_have_the_guides_defaults(server: FakeServer, client: Client) -> None:
    requests = answer(server, "CheckHealth", admin.CheckHealthResponse(status=admin.HEALTH_STATUS_HEALTHY))
    health = await HealthChecker(client).comprehensive_check()
    assert (health.is_healthy, health.errors) == (True, [])
    assert (requests[0].heartbeat_timeout.seconds, requests[0].heartbeat_warning.seconds) == (120, 60)
    with pytest.raises(ValueError, match="heartbeat_warning_secs"):
        HealthCheckConfig(heartbeat_timeout_secs=5)


async def test_checklist_21_a_workers_health_has_its_numbers(server: FakeServer, client: Client) -> None:
    worker = finding(
        "worker/a", admin.HEALTH_STATUS_DEGRADED, "old", heartbeat_age_ms="61000", uptime_ms="120500", active_workflows="4"
    )
    response = admin.CheckHealthResponse(findings=[finding("database", admin.HEALTH_STATUS_HEALTHY), worker])
    requests = answer(server, "CheckHealth", response)
    health = await HealthChecker(client).check_worker_health("a", 0)
    assert requests[0].worker_id == "a"
    assert (health.status, health.message, health.active_workflows) == (HealthStatus.DEGRADED, "old", 4)
    assert (health.heartbeat_age, health.uptime) == (timedelta(seconds=61), timedelta(seconds=120.5))


async def test_checklist_21_a_database_that_is_away_is_thrown(server: FakeServer, client: Client) -> None:
    response = admin.CheckHealthResponse(
        status=admin.HEALTH_STATUS_UNHEALTHY, findings=[finding("database", admin.HEALTH_STATUS_UNHEALTHY, "it did not answer")]
    )
    answer(server, "CheckHealth", response)
    with pytest.raises(Unhealthy, match="did not answer"):
        await HealthChecker(client).check_database_health()
    assert (await HealthChecker(client).check_worker_health("a")).status is HealthStatus.UNHEALTHY


async def test_checklist_21_a_coordinator_that_is_away_is_a_finding() -> None:
    async with Client("127.0.0.1:1", retry_for=0) as client:
        health = await HealthChecker(client).comprehensive_check()
        assert (health.is_healthy, health.findings[0].subject) == (False, "coordinator")
        with pytest.raises(Unhealthy):
            await HealthChecker(client).check_database_health()


# The guide's own names


async def run_nothing(ctx: Context) -> None: ...


async def test_checklist_1_connect_says_at_once_that_nobody_answers() -> None:
    with pytest.raises(Unavailable):
        await Kagzi.connect("127.0.0.1:1", retry_for=0)


async def test_checklist_2_and_16_registrations_reach_workers_made_before_and_after(server: FakeServer) -> None:
    answer(server, "GetServerInfo", admin.GetServerInfoResponse(version="1"))
    async with await Kagzi.connect(server.address) as kagzi:
        early = kagzi.create_worker()
        kagzi.register_workflow("a", run_nothing)
        kagzi.register_workflow_version("a", 2, order)
        kagzi.register_activity("b", charge)
        late = kagzi.create_worker_builder().worker_id("late").build()
        with pytest.raises(ValueError, match="registered twice"):
            kagzi.register_workflow("a", order)
        for running in (early, late):
            async with running:
                await server.stream()
        for registration in server.registrations:
            assert [(each.type, each.version) for each in registration.workflows] == [("a", 1), ("a", 2)]
            assert [(each.type, each.version) for each in registration.activities] == [("b", 1)]
        assert server.registrations[1].worker_id == "late"


async def test_checklist_16_a_default_may_be_set_before_a_worker_of_the_program_runs(server: FakeServer) -> None:
    answer(server, "GetServerInfo", admin.GetServerInfoResponse(version="1"))

    async def set_default(request: Any, context: Any) -> Any:
        known = {(each.type, each.version) for registration in server.registrations for each in registration.workflows}
        if (request.type, request.version) not in known:
            detail = details.VersionNotRegistered(type=request.type, version=request.version)
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "never registered", detail)
        return registry.SetDefaultVersionResponse()

    server.unary["SetDefaultVersion"] = set_default
    async with await Kagzi.connect(server.address) as kagzi:
        kagzi.register_workflow_version("a", 1, run_nothing)
        kagzi.register_workflow_version("a", 3, run_nothing)
        await kagzi.set_default_workflow_version("a", 3)
        with pytest.raises(VersionNotRegistered):
            await kagzi.set_default_workflow_version("a", 4)
        assert [(each.type, each.version) for each in server.registrations[0].workflows] == [("a", 1), ("a", 3)]
        assert server.deregistrations == ["session-1"]


async def test_checklist_16_starts_go_to_the_default_or_to_a_version(server: FakeServer) -> None:
    answer(server, "GetServerInfo", admin.GetServerInfoResponse(version="1"))
    requests = answer(server, "StartWorkflow", workflow_service.StartWorkflowResponse(run_id="r", workflow_id="w"))
    async with await Kagzi.connect(server.address) as kagzi:
        await kagzi.start_workflow("a", 1)
        await kagzi.start_workflow_version("a", 2, 1)
        assert [each.HasField("workflow_version") and each.workflow_version for each in requests] == [False, 2]
        assert kagzi.workflow_handle("r").run_id == "r"


async def test_checklist_18_the_builders_options_and_their_defaults(server: FakeServer) -> None:
    client = Client(server.address)
    default = client.create_worker(workflows=[order])
    assert (default.max_concurrent_workflows, default.heartbeat_interval_secs, default.graceful_shutdown_timeout_secs) == (
        10,
        30.0,
        300.0,
    )
    assert default.worker_id.startswith("worker-") and default.hostname
    kagzi = Kagzi(server.address)
    kagzi.register_workflow("order", order)
    built = (
        kagzi.create_worker_builder()
        .worker_id("w-1")
        .max_concurrent_workflows(3)
        .heartbeat_interval_secs(2)
        .poll_interval_ms(500)
        .graceful_shutdown_timeout_secs(7)
        .hostname("there")
        .lease_duration_secs(6)
        .option("labels", {"zone": "eu"})
        .build()
    )
    async with built:
        await server.stream()
    registration: worker_service.RegisterWorkerRequest = server.registrations[0]
    assert (registration.worker_id, registration.workflow_slots, registration.hostname) == ("w-1", 3, "there")
    assert (registration.heartbeat_interval.seconds, registration.lease_duration.seconds) == (2, 6)
    assert (built.poll_interval_ms, built.graceful_shutdown_timeout_secs, dict(registration.labels)) == (500, 7, {"zone": "eu"})
    await client.close()
    await kagzi.close()


async def test_checklist_4_a_worker_that_was_started_cannot_be_started_again(server: FakeServer) -> None:
    running = Worker(server.address, workflows=[order])
    assert not running.has_started
    async with running:
        assert running.is_running and running.active_workflow_count == 0
        with pytest.raises(RuntimeError, match="started already"):
            await running.start()
    assert not running.is_running


@pytest.mark.parametrize(
    "options",
    [{"max_concurrent_workflows": -1}, {"heartbeat_interval_secs": 0}, {"lease_duration_secs": 0}],
    ids=lambda options: next(iter(options)),
)
def test_checklist_18_senseless_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"zero|negative"):
        Worker("127.0.0.1:1", workflows=[order], **options)
