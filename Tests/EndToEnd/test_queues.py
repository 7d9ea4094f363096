"""Queues as operators see them: what waits, what is held, since when, and who could take it."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from harness import Service, admin, detail_of, details, schedule, worker, worker_service

CALL = 15.0


def describe(service: Service, queue: str, namespace: str = "") -> dict[tuple[str, str, int], Any]:
    """The queue's entries by kind, type and version."""
    request = admin.DescribeQueueRequest(task_queue=queue, namespace=namespace)
    found = service.admin.DescribeQueue(request, timeout=CALL).queue
    assert found.task_queue == queue
    return {(entry.kind, entry.type.type, entry.type.version): entry for entry in found.entries}


def numbers(entry: Any) -> tuple[int, int, int]:
    return (entry.ready, entry.leased, entry.live_workers)


def test_checklist_21_a_queue_tells_what_waits_what_is_held_and_who_serves_it(
    service: Service, raw: Any, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"], activities=["x"])
    raw(service, queue, workflows=["w", "w:2"])
    flow.open()
    assert {key: numbers(entry) for key, entry in describe(service, queue).items()} == {
        ("workflow", "w", 1): (0, 0, 2), ("workflow", "w", 2): (0, 0, 1), ("activity", "x", 1): (0, 0, 1),
    }  # fmt: skip
    before = time.time()
    first = service.start("w", queue)
    for _ in range(3):
        service.start("w", queue)
    entry = describe(service, queue)["workflow", "w", 1]
    assert numbers(entry) == (4, 0, 2)
    assert before - 1 < entry.oldest_ready_at.ToMicroseconds() / 1e6 < time.time() + 1
    flow.grant(1)
    task = flow.task()
    assert task.run_id == first
    assert numbers(describe(service, queue)["workflow", "w", 1]) == (3, 1, 2)
    flow.suspend(task.token, schedule("s", "x"), schedule("t", "x"))
    found = describe(service, queue)
    assert numbers(found["workflow", "w", 1]) == (3, 0, 2) and numbers(found["activity", "x", 1]) == (2, 0, 1)
    flow.grant(0, 1)
    flow.task()
    found = describe(service, queue)["activity", "x", 1]
    assert numbers(found) == (1, 1, 1) and found.HasField("oldest_ready_at")


def test_checklist_21_a_worker_that_drains_or_left_serves_nothing(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    assert numbers(describe(service, queue)["workflow", "w", 1]) == (0, 0, 1)
    service.admin.DrainWorker(admin.DrainWorkerRequest(worker_id=flow.worker_id), timeout=CALL)
    assert describe(service, queue) == {}
    service.start("w", queue)
    assert numbers(describe(service, queue)["workflow", "w", 1]) == (1, 0, 0)


def test_checklist_21_a_queue_that_nobody_knows_has_no_entries(service: Service, queue: str) -> None:
    assert describe(service, queue) == {}
    with pytest.raises(grpc.RpcError) as missing:
        describe(service, queue, namespace="nowhere")
    assert missing.value.code() == grpc.StatusCode.NOT_FOUND
    assert detail_of(missing.value) == details.ResourceNotFound(kind="namespace", name="nowhere")


def test_checklist_21_queues_are_listed_by_name_with_what_is_unserved_among_them(
    new_coordinator: Any, new_database: Any, raw: Any
) -> None:
    service = new_coordinator(new_database()).service()
    raw(service, "served", workflows=["w"])
    for _ in range(2):
        service.start("w", "orphaned")
    queues = service.admin.ListQueues(admin.ListQueuesRequest(), timeout=CALL).queues
    assert [each.task_queue for each in queues] == ["orphaned", "served"]
    assert [numbers(entry) for entry in queues[0].entries] == [(2, 0, 0)]
    assert [numbers(entry) for entry in queues[1].entries] == [(0, 0, 1)]


def test_checklist_21_stats_are_counters_and_gauges_by_name(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    service = new_coordinator(new_database()).service()
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(2)
    done = service.start("w", queue)
    flow.complete(flow.task().token)
    service.wait(done)
    service.start("w", queue)
    flow.task()
    service.start("other", queue)
    values = service.admin.GetStats(admin.GetStatsRequest(), timeout=CALL).values
    assert values["kagzi_runs_started_total"] == 3
    assert values['kagzi_runs_closed_total{status="COMPLETED"}'] == 1
    assert values['kagzi_tasks_handed_out_total{kind="workflow"}'] == 2
    assert values['kagzi_reports_total{report="workflow.complete"}'] == 1
    assert values["kagzi_sessions"] == 1 and values['kagzi_tasks_held{kind="workflow"}'] == 1
    assert values["kagzi_waits_total"] == 1
    assert values["open_runs"] == 2 and values['open_runs{status="RUNNING"}'] == 1
    assert values['open_runs{status="PENDING"}'] == 1 and values['ready_tasks{kind="workflow"}'] == 1
    assert values['kagzi_store_operations_total{verb="startRun"}'] == 3
    assert values["kagzi_store_commits_total"] == values["kagzi_store_batch_size_count"] > 0
    assert values["kagzi_store_batch_seconds_sum"] > 0 and values["uptime_seconds"] > 0
    assert values['grpc_server_handled_total{service="kagzi.v1.WorkflowService",method="StartWorkflow",code="OK"}'] == 3


def test_checklist_20_a_session_without_a_stream_is_counted_as_what_it_is(service: Service, queue: str) -> None:
    registered = service.workers.RegisterWorker(
        worker_service.RegisterWorkerRequest(worker_id=f"unary-{queue}", task_queues=[queue], workflows=[{"type": "w", "version": 1}]),
        timeout=CALL,
    )  # fmt: skip
    service.start("w", queue)
    claimed = service.workers.ClaimTasks(
        worker_service.ClaimTasksRequest(session_id=registered.session_id, workflow_slots=1), timeout=CALL
    )
    assert len(claimed.tasks) == 1
    assert numbers(describe(service, queue)["workflow", "w", 1]) == (0, 1, 1)
    seen = service.admin.GetWorker(admin.GetWorkerRequest(worker_id=f"unary-{queue}"), timeout=CALL).worker
    assert seen.active_workflows == 1
    report = worker.TaskReport(report_id=1, token=claimed.tasks[0].token, workflow=worker.WorkflowReport(complete={}))
    request = worker_service.ReportTasksRequest(session_id=registered.session_id, reports=[report])
    service.workers.ReportTasks(request, timeout=CALL)
    assert numbers(describe(service, queue)["workflow", "w", 1]) == (0, 0, 1)
