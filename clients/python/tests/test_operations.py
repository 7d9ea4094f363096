"""What operators call about versions, workers, queues and schedules."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import grpc
import pytest
from fake_server import FakeServer, refuse
from operator_calls import NOON, answer, charge, order
from scripted import value

from kagzi import (
    Client,
    FiringCause,
    OverlapPolicy,
    Unavailable,
    VersionDeprecated,
    VersionNotRegistered,
    WorkerStatus,
    _payloads,
    workflow,
)
from kagzi._messages import Duration, admin, details, registry, schedule_service


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


def a_worker(worker_id: str, status: Any = admin.WORKER_STATUS_RUNNING) -> admin.Worker:
    return admin.Worker(
        worker_id=worker_id, status=status, workflow_slots=10, active_workflows=2, hostname="h", sdk_name="kagzi-python",
        sdk_version="1", registered_at=NOON, heartbeat_interval=Duration(seconds=10),
    )  # fmt: skip


# Workers and queues


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
