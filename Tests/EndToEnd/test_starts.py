"""Starts: idempotent, by workflow id and by request id, under every policy; and what is refused."""

from __future__ import annotations

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from harness import Service, common, detail_of, details, duration, payload, run, worker, worker_service, workflow_service

ALLOW, ALLOW_IF_FAILED, REJECT = 1, 2, 3
FAIL, USE, TERMINATE = 1, 2, 3


def refused(call: Any, code: grpc.StatusCode, detail: Any) -> Any:
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() == code, error.value
    found = detail_of(error.value)
    assert isinstance(found, detail), found
    return found


def count(service: Service, queue: str) -> int:
    request = workflow_service.ListRunsRequest(page_size=1_000)
    request.filter.task_queue = queue
    return len(service.workflows.ListRuns(request, timeout=15).runs)


@pytest.mark.parametrize("with_workflow_id", [True, False])
def test_one_request_id_50_times_at_once_starts_one_run(service: Service, queue: str, with_workflow_id: bool) -> None:
    fields = {"request_id": queue} | ({"workflow_id": queue} if with_workflow_id else {})
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: service.start_response("w", queue, **fields), range(50)))
    assert len({answer.run_id for answer in answers}) == 1
    assert len({answer.workflow_id for answer in answers}) == 1
    assert sum(answer.started for answer in answers) == 1
    assert count(service, queue) == 1


def test_one_workflow_id_50_times_at_once_starts_one_run(service: Service, queue: str) -> None:
    def start(_: int) -> str:
        try:
            return service.start("w", queue, workflow_id=queue)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.ALREADY_EXISTS
            return str(detail_of(error).run_id)

    with ThreadPoolExecutor(50) as pool:
        assert len(set(pool.map(start, range(50)))) == 1
    assert count(service, queue) == 1


def test_50_replacements_at_once_leave_one_open_run(service: Service, queue: str) -> None:
    def start(_: int) -> str:
        return service.start("w", queue, workflow_id=queue, conflict_policy=TERMINATE)

    with ThreadPoolExecutor(20) as pool:
        ids = list(pool.map(start, range(50)))
    assert len(set(ids)) == 50
    statuses = [service.get(run_id).status for run_id in ids]
    assert sorted(statuses) == [run.RUN_STATUS_PENDING] + [run.RUN_STATUS_TERMINATED] * 49


def test_the_conflict_policy_decides_about_an_open_run(service: Service, queue: str) -> None:
    first = service.start("w", queue, workflow_id=queue)
    for policy in (0, FAIL):
        detail = refused(
            lambda: service.start("w", queue, workflow_id=queue, conflict_policy=policy),
            grpc.StatusCode.ALREADY_EXISTS, details.AlreadyStarted,
        )  # fmt: skip
        assert detail.run_id == first
    used = service.start_response("w", queue, workflow_id=queue, conflict_policy=USE)
    assert used.run_id == first and not used.started
    replaced = service.start_response("w", queue, workflow_id=queue, conflict_policy=TERMINATE)
    assert replaced.started and replaced.run_id != first
    assert service.get(first).status == run.RUN_STATUS_TERMINATED
    assert service.get(replaced.run_id).status == run.RUN_STATUS_PENDING


@pytest.mark.parametrize("ending, reuse", list(itertools.product(["completed", "failed"], [0, ALLOW, ALLOW_IF_FAILED, REJECT])))
def test_the_reuse_policy_decides_about_a_closed_run(
    service: Service, raw: Any, queue: str, ending: str, reuse: int
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    first = service.start("w", queue, workflow_id=queue)
    token = flow.task().token
    if ending == "completed":
        flow.complete(token)
    else:
        flow.report(token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=common.Failure(message="no"))))
    assert service.get(first).status == (run.RUN_STATUS_COMPLETED if ending == "completed" else run.RUN_STATUS_FAILED)
    if reuse == REJECT or (reuse == ALLOW_IF_FAILED and ending == "completed"):
        detail = refused(
            lambda: service.start("w", queue, workflow_id=queue, reuse_policy=reuse),
            grpc.StatusCode.ALREADY_EXISTS, details.AlreadyStarted,
        )  # fmt: skip
        assert detail.run_id == first
        assert count(service, queue) == 1
    else:
        again = service.start_response("w", queue, workflow_id=queue, reuse_policy=reuse)
        assert again.started and again.run_id != first


def test_the_request_id_of_a_closed_run_answers_with_that_run(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    first = service.start("w", queue, workflow_id=queue, request_id=queue)
    flow.complete(flow.task().token)
    again = service.start_response("w", queue, workflow_id=queue, request_id=queue)
    assert again.run_id == first and not again.started
    rejected = service.start_response("w", queue, workflow_id=queue, request_id=queue, reuse_policy=REJECT)
    assert rejected.run_id == first
    assert count(service, queue) == 1


def test_a_batch_of_starts_gives_each_its_own_result(service: Service, queue: str) -> None:
    def request(**fields: Any) -> Any:
        return workflow_service.StartWorkflowRequest(workflow_type="w", task_queue=queue, **fields)

    answer = service.workflows.StartWorkflows(
        workflow_service.StartWorkflowsRequest(
            requests=[
                request(workflow_id=queue), request(workflow_id=queue), request(workflow_version=99), request(priority=500),
                request(request_id=queue), request(request_id=queue), *[request() for _ in range(300)],
            ]
        ), timeout=15,
    )  # fmt: skip
    kinds = [result.WhichOneof("result") for result in answer.results]
    assert sorted(kinds[:2]) == ["error", "started"] and kinds[2:4] == ["error", "error"]
    assert answer.results[2].error.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert answer.results[4].started.run_id == answer.results[5].started.run_id
    assert kinds[4:] == ["started"] * 302
    assert count(service, queue) == 1 + 1 + 300
    # Ids rise in the order of the request, so that lists, which are in the order of ids, show it.
    ids = [result.started.run_id for result in answer.results[5:]]
    assert ids[1:] == sorted(ids[1:]) and len(set(ids)) == 301


BAD_STARTS: dict[str, tuple[dict[str, Any], grpc.StatusCode, Any]] = {
    "no type": ({"workflow_type": ""}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "a long type": ({"workflow_type": "w" * 257}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "a long id": ({"workflow_id": "w" * 513}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "a long request id": ({"request_id": "w" * 129}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "an unknown namespace": ({"namespace": "nowhere"}, grpc.StatusCode.NOT_FOUND, details.ResourceNotFound),
    "version 0": ({"workflow_version": 0}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "an unknown version": ({"workflow_version": 7}, grpc.StatusCode.FAILED_PRECONDITION, details.VersionNotRegistered),
    "a version over the top": ({"workflow_version": 1 << 31}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "a wild priority": ({"priority": 101}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "a huge payload": (
        {"input": payload(b"x" * ((2 << 20) + 1))}, grpc.StatusCode.RESOURCE_EXHAUSTED, details.PayloadTooLarge
    ),
    "no attempts": (
        {"retry_policy": common.RetryPolicy(max_attempts=0)}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField
    ),
    "a shrinking delay": (
        {"retry_policy": common.RetryPolicy(multiplier=0.5)}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField
    ),
    "jitter beyond 1": (
        {"retry_policy": common.RetryPolicy(jitter=1.5)}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField
    ),
    "a timeout of nothing": ({"run_timeout": duration(0)}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "a negative delay": ({"start_delay": duration(-1)}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "33 tags": ({"tags": {str(n): "" for n in range(33)}}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
    "a NUL in the id": ({"workflow_id": "a\0b"}, grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_STARTS)
def test_a_bad_start_is_refused_with_its_detail_and_writes_nothing(service: Service, queue: str, name: str) -> None:
    fields, code, detail = BAD_STARTS[name]
    request = workflow_service.StartWorkflowRequest(**{"workflow_type": "w", "task_queue": queue, **fields})
    found = refused(lambda: service.workflows.StartWorkflow(request, timeout=10), code, detail)
    if isinstance(found, details.PayloadTooLarge):
        assert found.field == "input" and found.limit == 2 << 20 and found.size == (2 << 20) + 1
    assert count(service, queue) == 0


def test_reading_what_is_not_there_is_refused_with_its_detail(service: Service) -> None:
    missing = str(uuid.uuid4())
    stub = service.workflows
    not_found = (grpc.StatusCode.NOT_FOUND, details.RunNotFound)
    for call in (
        lambda: stub.GetRun(workflow_service.GetRunRequest(run_id=missing), timeout=5),
        lambda: stub.GetRun(workflow_service.GetRunRequest(workflow_id="nobody"), timeout=5),
        lambda: stub.WaitRun(workflow_service.WaitRunRequest(run_id=missing), timeout=5),
        lambda: stub.WaitRun(workflow_service.WaitRunRequest(workflow_id="nobody"), timeout=5),
        lambda: list(stub.WatchRun(workflow_service.WatchRunRequest(run_id=missing), timeout=5)),
        lambda: stub.CancelRun(workflow_service.CancelRunRequest(run_id=missing), timeout=5),
        lambda: stub.TerminateRun(workflow_service.TerminateRunRequest(workflow_id="nobody"), timeout=5),
        lambda: stub.ListSteps(workflow_service.ListStepsRequest(run_id=missing), timeout=5),
        lambda: stub.ListStepAttempts(workflow_service.ListStepAttemptsRequest(run_id=missing), timeout=5),
    ):
        refused(call, *not_found)
    invalid = (grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField)
    refused(lambda: stub.GetRun(workflow_service.GetRunRequest(run_id="no-uuid"), timeout=5), *invalid)
    refused(lambda: stub.ListRuns(workflow_service.ListRunsRequest(page_size=1_001), timeout=5), *invalid)
    refused(lambda: stub.ListRuns(workflow_service.ListRunsRequest(page_token="nonsense"), timeout=5), *invalid)


def test_workers_calls_with_nonsense_are_refused(service: Service) -> None:
    stub = service.workers
    invalid = (grpc.StatusCode.INVALID_ARGUMENT, details.InvalidField)
    lost = (grpc.StatusCode.FAILED_PRECONDITION, details.SessionLost)
    register = worker_service.RegisterWorkerRequest
    refused(lambda: stub.RegisterWorker(register(), timeout=5), *invalid)
    refused(lambda: stub.RegisterWorker(register(worker_id="x", lease_duration=duration(0.5)), timeout=5), *invalid)
    refused(lambda: stub.RegisterWorker(register(worker_id="x", lease_duration=duration(3601)), timeout=5), *invalid)
    refused(lambda: stub.RegisterWorker(register(worker_id="x", task_queues=["q" * 300]), timeout=5), *invalid)
    refused(
        lambda: stub.RegisterWorker(register(worker_id="x", namespace="nowhere"), timeout=5),
        grpc.StatusCode.NOT_FOUND, details.ResourceNotFound,
    )  # fmt: skip
    nobody = str(uuid.uuid4())
    refused(lambda: stub.ClaimTasks(worker_service.ClaimTasksRequest(session_id="x"), timeout=5), *invalid)
    refused(
        lambda: stub.ClaimTasks(worker_service.ClaimTasksRequest(session_id=nobody, workflow_slots=1), timeout=5), *lost
    )
    refused(lambda: stub.ReportTasks(worker_service.ReportTasksRequest(session_id=nobody), timeout=5), *lost)
    refused(lambda: stub.FetchSteps(worker_service.FetchStepsRequest(token=b"x"), timeout=5), *invalid)
    refused(
        lambda: stub.CompleteActivity(worker_service.CompleteActivityRequest(token=b"x", output=payload()), timeout=5),
        *invalid,
    )


def test_a_delayed_start_is_not_handed_out_before_its_time(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    flow.settle_stream()
    run_id = service.start("w", queue, start_delay=duration(1))
    task = flow.task(timeout=5)
    flow.complete(task.token)
    closed = service.wait(run_id)
    waited = closed.started_at.ToNanoseconds() - closed.created_at.ToNanoseconds()
    assert 1e9 - 1e6 <= waited < 2e9


def test_the_highest_priority_is_handed_out_first(service: Service, raw: Any, queue: str) -> None:
    runs = {priority: service.start("w", queue, priority=priority) for priority in (0, -5, 50, 5)}
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    order = []
    for _ in runs:
        flow.grant(1)
        task = flow.task()
        order.append(task.run_id)
        flow.complete(task.token)
    assert order == [runs[50], runs[5], runs[0], runs[-5]]


def test_a_version_goes_only_to_workers_that_registered_it(service: Service, raw: Any, queue: str) -> None:
    name = f"w-{queue}"
    one = raw(service, queue, workflows=[f"{name}:1"])
    one.open()
    two = raw(service, queue, workflows=[f"{name}:2"])
    two.open()
    one.grant(2)
    two.grant(2)
    assert service.start_response(name, queue).workflow_version == 1, "the first version registered is the default"
    assert one.task().workflow_version == 1
    service.start(name, queue, workflow_version=2)
    assert two.task().workflow_version == 2
