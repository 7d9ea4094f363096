"""Forking runs from one of their steps."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from harness import RawWorker, Service, details, duration, local_result, payload, run, schedule, open_group
from harness.run_control import PERMANENT, fail_group, member, refusal, states


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w", "w:2"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    return flow


def test_a_fork_takes_over_the_steps_before_and_runs_the_rest_anew(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue, b'"in"', tags={"customer": "7"}, priority=3)
    task = flow.task()
    flow.go_on(task.token, local_result("validate", b"1"))
    flow.go_on(task.token, local_result("charge", b"2"))
    flow.go_on(task.token, local_result("ship", b"3"))
    flow.complete(task.token, b'"out"')
    fork = service.fork(run_id, "charge", input=payload(b'"edited"'), workflow_id=f"fork-{queue}")
    forked = service.get(fork)
    assert forked.workflow_id == f"fork-{queue}" and dict(forked.tags) == {"customer": "7"} and forked.priority == 3
    flow.grant(1)
    task = flow.task(timeout=2)
    assert task.run_id == fork and task.workflow.input.data == b'"edited"' and task.attempt == 1
    assert [(step.key, step.output.data) for step in task.workflow.steps] == [("validate", b"1")]
    flow.go_on(task.token, local_result("charge", b"9"))
    flow.complete(task.token)
    assert service.wait(fork).status == run.RUN_STATUS_COMPLETED
    assert [(step.key, step.output.data) for step in service.steps(fork)] == [("validate", b"1"), ("charge", b"9")]
    assert [step.output.data for step in service.steps(run_id)] == [b"1", b"2", b"3"]
    changes = [change.sequence for change in service.watch(fork)]
    assert changes == sorted(changes)


def test_a_fork_of_a_failed_activity_keeps_only_what_completed(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.go_on(task.token, commands=[schedule("first", "a")])
    flow.failure(flow.task().token, PERMANENT)
    flow.grant(0, 1)
    flow.go_on(task.token, commands=[schedule("second", "a")])
    flow.output(flow.task().token, b"2")
    flow.grant(0, 1)
    flow.go_on(task.token, commands=[schedule("third", "a")])
    fork = service.fork(run_id, "third")
    flow.grant(1)
    tasks = [flow.task(timeout=2), flow.task(timeout=2)]
    forked = next(each for each in tasks if each.run_id == fork)
    assert [step.key for step in forked.workflow.steps] == ["second"]


def test_the_run_timeout_of_a_fork_counts_from_the_fork(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, run_timeout=duration(2))
    task = flow.task()
    flow.go_on(task.token, local_result("only", b"1"))
    flow.complete(task.token)
    fork = service.fork(run_id, "only")
    closed = service.wait(fork, 10)
    assert closed.status == run.RUN_STATUS_TIMED_OUT
    assert closed.closed_at.ToNanoseconds() - closed.created_at.ToNanoseconds() >= 2_000_000_000 - 1_000


def test_a_fork_may_go_to_another_version(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, workflow_version=1)
    task = flow.task()
    flow.go_on(task.token, local_result("only", b"1"))
    fork = service.fork(run_id, "only", workflow_version=2)
    assert service.get(fork).workflow_version == 2
    flow.grant(1)
    task = flow.task(timeout=2)
    assert task.run_id == fork and task.workflow_version == 2 and not task.workflow.steps


def test_forks_that_cannot_be_are_refused(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, workflow_id=f"order-{queue}")
    flow.go_on(flow.task().token, local_result("only", b"1"))

    def fork(from_step: str, **fields: Any) -> tuple[grpc.StatusCode, Any]:
        return refusal(lambda: service.fork(run_id, from_step, **fields))

    code, detail = fork("unknown")
    assert code == grpc.StatusCode.NOT_FOUND and (detail.kind, detail.name) == ("step", "unknown")
    code, detail = fork("")
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "from_step"
    code, detail = fork("only", workflow_version=7)
    assert code == grpc.StatusCode.FAILED_PRECONDITION and isinstance(detail, details.VersionNotRegistered)
    code, detail = fork("only", workflow_version=0)
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "workflow_version"
    code, detail = fork("only", workflow_id=f"order-{queue}")
    assert code == grpc.StatusCode.ALREADY_EXISTS and detail.run_id == run_id
    code, detail = fork("only", input=payload(b"x" * (3 << 20)))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED and isinstance(detail, details.PayloadTooLarge)


def test_a_fork_takes_over_a_group_that_succeeded_and_a_member_is_forked_with_its_group(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.grant(0, 1)
    flow.go_on(
        task.token, commands=[open_group("g", run.GROUP_STRATEGY_COLLECT_ALL, 2), member("g", "1"), member("g", "2")]
    )
    flow.output(flow.task().token, b"1")
    flow.failure(flow.task().token, PERMANENT)
    flow.go_on(task.token, local_result("after", b"2"))
    flow.complete(task.token)
    whole = service.fork(run_id, "after")
    assert sorted(states(service, whole).values()) == [run.STEP_STATE_COMPLETED, run.STEP_STATE_FAILED]
    flow.grant(1)
    task = flow.task(timeout=2)
    assert [(group.key, group.verdict) for group in task.workflow.groups] == [("g", run.GROUP_VERDICT_SUCCEEDED)]
    anew = service.fork(run_id, "g/2")
    assert states(service, anew) == {} and service.get(anew).related_run_id == run_id


def test_a_fork_does_not_take_over_a_group_that_failed(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = fail_group(flow)
    flow.go_on(task.token, local_result("after", b"2"))
    flow.complete(task.token)
    fork = service.fork(run_id, "after")
    assert states(service, fork) == {"g/good": run.STEP_STATE_COMPLETED} and service.groups(fork) == []
