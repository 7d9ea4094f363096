"""A worker of unary calls only: the same rules as over the stream."""

from __future__ import annotations

import queue as queues
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from harness import Service, common, duration, local_result, payload, policy, run, schedule, timer, worker, worker_service


class UnaryWorker:
    def __init__(self, service: Service, queue: str, lease: float = 30) -> None:
        self.stub = service.workers
        request = worker_service.RegisterWorkerRequest(
            worker_id=f"unary-{uuid.uuid4()}", task_queues=[queue], lease_duration=duration(lease),
            workflows=[common.TypeVersion(type="w", version=1)], activities=[common.TypeVersion(type="a", version=1)],
        )  # fmt: skip
        self.session_id = self.stub.RegisterWorker(request, timeout=10).session_id
        self.beats: queues.Queue[Any] = queues.Queue()

    def claim(self, workflows: int = 1, activities: int = 1, wait: float = 5) -> list[Any]:
        request = worker_service.ClaimTasksRequest(
            session_id=self.session_id, workflow_slots=workflows, activity_slots=activities, wait=duration(wait)
        )
        return list(self.stub.ClaimTasks(request, timeout=wait + 5).tasks)

    def task(self) -> Any:
        tasks = self.claim()
        assert len(tasks) == 1, tasks
        return tasks[0]

    def report(self, *reports: Any, accepted: tuple[bytes, ...] = ()) -> list[Any]:
        request = worker_service.ReportTasksRequest(session_id=self.session_id, reports=list(reports))
        if accepted:
            request.accepted.tokens.extend(accepted)
        return list(self.stub.ReportTasks(request, timeout=10).answers)

    def heartbeat(self) -> Any:
        def requests() -> Iterator[Any]:
            while (beat := self.beats.get()) is not None:
                yield worker_service.HeartbeatRequest(session_id=self.session_id, beat=beat)

        return self.stub.Heartbeat(requests(), timeout=30)


def completion(token: bytes, data: bytes = b"null", **fields: Any) -> Any:
    workflow = worker.WorkflowReport(complete=worker.Complete(output=payload(data)), **fields)
    return worker.TaskReport(report_id=1, token=token, workflow=workflow)


def suspension(token: bytes, *commands: Any) -> Any:
    workflow = worker.WorkflowReport(suspend=worker.Suspend(), commands=list(commands))
    return worker.TaskReport(report_id=1, token=token, workflow=workflow)


def test_a_whole_workflow_runs_by_unary_calls(service: Service, queue: str) -> None:
    unary = UnaryWorker(service, queue)
    run_id = service.start("w", queue, b'"in"')
    task = unary.task()
    assert task.workflow.input.data == b'"in"'
    going_on = worker.WorkflowReport(results=[local_result("first", b"1")])
    getattr(going_on, "continue").SetInParent()
    answers = unary.report(
        worker.TaskReport(report_id=7, token=task.token, workflow=going_on),
        suspension(task.token, schedule("charge", "a", input=payload(b"5"), retry_policy=policy(3)), timer("nap", 0.1)),
    )
    assert [answer.report_id for answer in answers] == [7, 1]
    assert not any(answer.HasField("rejection") for answer in answers)
    activity = unary.task()
    assert activity.activity.input.data == b"5"
    failure = worker.ActivityReport(failure=common.Failure(kind=common.ERROR_KIND_TIMEOUT, message="once"))
    (answer,) = unary.report(worker.TaskReport(report_id=2, token=activity.token, activity=failure))
    assert answer.decisions[0].retry.next_attempt == 2
    settled: set[str] = set()
    while settled != {"first", "charge", "nap"}:
        task = unary.task()
        if task.HasField("activity"):
            assert task.attempt == 2
            report = worker.ActivityReport(output=payload(b"6"))
            unary.report(worker.TaskReport(report_id=3, token=task.token, activity=report))
            continue
        settled = {step.key for step in task.workflow.steps if step.state == run.STEP_STATE_COMPLETED}
        if settled != {"first", "charge", "nap"}:
            unary.report(suspension(task.token))
    unary.report(completion(task.token, b'"out"'))
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED and closed.output.data == b'"out"'


def test_a_claim_waits_for_the_first_task_and_answers_at_once(service: Service, queue: str) -> None:
    unary = UnaryWorker(service, queue)
    answer: list[Any] = []
    claiming = threading.Thread(target=lambda: answer.append((unary.claim(wait=20), time.monotonic())))
    claiming.start()
    # A start that overtakes the claim is found by it as well.
    begin = time.monotonic()
    run_id = service.start("w", queue)
    claiming.join(10)
    (tasks, at) = answer[0]
    assert [task.run_id for task in tasks] == [run_id] and at - begin < 5
    unary.report(completion(tasks[0].token))


def test_a_wait_that_ends_first_answers_with_nothing(service: Service, queue: str) -> None:
    begin = time.monotonic()
    assert UnaryWorker(service, queue).claim(wait=0.5) == []
    assert 0.4 < time.monotonic() - begin < 10


def test_a_claim_that_was_cancelled_loses_no_task(service: Service, queue: str) -> None:
    unary = UnaryWorker(service, queue)
    request = worker_service.ClaimTasksRequest(session_id=unary.session_id, workflow_slots=1, wait=duration(20))
    for _ in range(5):
        waiting = unary.stub.ClaimTasks.future(request, timeout=20)
        waiting.cancel()
    run_id = service.start("w", queue)
    deadline = time.monotonic() + 15
    tasks: list[Any] = []
    while not tasks and time.monotonic() < deadline:
        tasks = unary.claim(wait=5)
    assert [task.run_id for task in tasks] == [run_id]
    unary.report(completion(tasks[0].token))
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_heartbeats_keep_the_session_carry_progress_and_tell_of_cancellation(service: Service, queue: str) -> None:
    unary = UnaryWorker(service, queue, lease=2)
    run_id = service.start("w", queue)
    unary.report(suspension(unary.task().token, schedule("long", "a", retry_policy=policy(5))))
    activity = unary.task()
    responses = unary.heartbeat()
    until = time.monotonic() + 4.5
    pause = threading.Event()
    while time.monotonic() < until:
        beat = worker.Beat()
        beat.progress.add(token=activity.token).details.CopyFrom(payload(b"1"))
        unary.beats.put(beat)
        assert next(responses).HasField("beat")
        pause.wait(0.2)
    step = service.step(run_id, "long")
    assert step.attempt == 1 and step.state == run.STEP_STATE_RUNNING and step.progress.data == b"1"
    service.cancel(run_id, "enough")
    begin = time.monotonic()
    cancel = next(responses)
    assert cancel.cancel.token == activity.token and time.monotonic() - begin < 4
    unary.beats.put(None)
    report = worker.ActivityReport(cancelled=worker.Cancelled())
    unary.report(worker.TaskReport(report_id=1, token=activity.token, activity=report))
    assert service.step(run_id, "long").state == run.STEP_STATE_CANCELLED


def test_an_activity_is_completed_later_by_its_token(service: Service, queue: str) -> None:
    unary = UnaryWorker(service, queue)
    run_id = service.start("w", queue)
    unary.report(suspension(unary.task().token, schedule("sign", "a")))
    activity = unary.task()
    later = worker.ActivityReport(completes_later=worker.CompletesLater())
    (answer,) = unary.report(worker.TaskReport(report_id=1, token=activity.token, activity=later))
    assert not answer.HasField("rejection")
    unary.stub.DeregisterWorker(worker_service.DeregisterWorkerRequest(session_id=unary.session_id), timeout=10)
    assert service.step(run_id, "sign").state == run.STEP_STATE_RUNNING
    request = worker_service.CompleteActivityRequest(token=activity.token, output=payload(b'"signed"'))
    for _ in range(2):
        service.workers.CompleteActivity(request, timeout=10)
    assert service.step(run_id, "sign").output.data == b'"signed"'
    other = UnaryWorker(service, queue)
    task = other.task()
    assert task.workflow.steps[0].output.data == b'"signed"'
    other.report(completion(task.token))
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_deregistering_hands_tasks_on(service: Service, queue: str) -> None:
    leaver, heir = UnaryWorker(service, queue), UnaryWorker(service, queue)
    run_id = service.start("w", queue)
    leaver.task()
    leaver.stub.DeregisterWorker(worker_service.DeregisterWorkerRequest(session_id=leaver.session_id), timeout=10)
    task = heir.task()
    assert task.run_id == run_id
    heir.report(completion(task.token))
    with pytest.raises(grpc.RpcError) as error:
        leaver.claim()
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION
