"""Child workflows: started with their step, settling it when they end, stopped or not when their parent closes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from harness import RawWorker, Service, cancel_step, child, common, duration, policy, run, worker


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    made: RawWorker = raw(service, queue, workflows=["parent", "kid"], activities=["x"])
    made.open()
    made.grant(50, 5)
    return made


def start_with_child(flow: RawWorker, service: Service, queue: str, sticky: bool = False, **fields: Any) -> tuple[str, Any]:
    """A parent that waits for a child, and the child's first task."""
    parent = service.start("parent", queue, b'"p"', headers={"traceparent": "t"})
    task = flow.task()
    answer = flow.suspend(task.token, child("kid", "kid", input=common.Payload(data=b"7"), **fields), sticky=sticky)
    assert not answer.HasField("rejection"), answer
    first = flow.task()
    assert first.workflow_type == "kid", first
    return parent, first


def test_a_child_gets_its_input_and_its_output_settles_the_parents_step(
    flow: RawWorker, service: Service, queue: str
) -> None:
    parent, first = start_with_child(flow, service, queue, sticky=True, tags={"of": "parent"})
    assert first.workflow.input.data == b"7" and first.workflow_id == f"{parent}/kid"
    assert first.headers["traceparent"] == "t"
    assert service.get(parent).status == run.RUN_STATUS_WAITING
    kid = service.get(first.run_id)
    assert (kid.parent_run_id, kid.parent_step, kid.tags["of"]) == (parent, "kid", "parent")
    assert service.step(parent, "kid").child_run_id == first.run_id
    assert [found.run_id for found in service.list_runs(parent_run_id=parent)] == [first.run_id]
    flow.complete(first.token, b"49")
    task = flow.task()
    assert task.run_id == parent and task.workflow.delta
    (record,) = task.workflow.steps
    assert (record.key, record.kind, record.state) == ("kid", run.STEP_KIND_CHILD, run.STEP_STATE_COMPLETED)
    assert record.output.data == b"49"
    flow.complete(task.token)
    assert service.wait(parent).status == run.RUN_STATUS_COMPLETED


def test_a_childs_failure_keeps_its_kind_and_names_the_child(flow: RawWorker, service: Service, queue: str) -> None:
    parent, first = start_with_child(flow, service, queue)
    flow.fail(first.token, common.ERROR_KIND_NOT_FOUND, "no such order", code="NO_ORDER", context={"order": "5"})
    (record,) = flow.task().workflow.steps
    assert record.state == run.STEP_STATE_FAILED
    assert (record.failure.kind, record.failure.code) == (common.ERROR_KIND_NOT_FOUND, "NO_ORDER")
    assert dict(record.failure.context) == {
        "order": "5", "child_run_id": first.run_id, "child_workflow_id": f"{parent}/kid",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["cancelled", "terminated", "timed out"])
def test_however_a_child_ends_its_parent_hears_of_it(
    flow: RawWorker, service: Service, queue: str, how: str
) -> None:
    fields = {} if how != "timed out" else {"run_timeout": duration(0.3)}
    parent, first = start_with_child(flow, service, queue, **fields)
    if how == "cancelled":
        service.cancel(first.run_id)
        flow.next("cancel")
        flow.fail(first.token, common.ERROR_KIND_CANCELLED)
    elif how == "terminated":
        service.terminate(first.run_id)
    task = flow.task()
    assert task.run_id == parent
    (record,) = task.workflow.steps
    assert record.state == run.STEP_STATE_FAILED
    expected = {
        "cancelled": (common.ERROR_KIND_CANCELLED, ""), "terminated": (common.ERROR_KIND_CANCELLED, "TERMINATED"),
        "timed out": (common.ERROR_KIND_TIMEOUT, "RUN_TIMEOUT"),
    }[how]  # fmt: skip
    assert (record.failure.kind, record.failure.code) == expected


def test_a_child_whose_workflow_id_is_taken_fails_its_step_and_not_the_report(
    flow: RawWorker, service: Service, queue: str
) -> None:
    taken = service.start("kid", "nobody-serves-this", workflow_id=f"taken-{queue}")
    parent = service.start("parent", queue)
    task = flow.task()
    answer = flow.suspend(
        task.token, child("one", "kid", workflow_id=f"taken-{queue}"), child("two", "kid"), sticky=True
    )
    assert not answer.HasField("rejection")
    two = flow.task()
    assert two.workflow_type == "kid"
    task = flow.task()
    (record,) = task.workflow.steps
    assert (record.key, record.state, record.failure.code) == ("one", run.STEP_STATE_FAILED, "ALREADY_STARTED")
    assert record.failure.context["child_workflow_id"] == f"taken-{queue}"
    flow.suspend(task.token, sticky=True)
    flow.complete(two.token, b"2")
    (record,) = flow.task().workflow.steps
    assert (record.key, record.output.data) == ("two", b"2")
    assert service.get(taken).status == run.RUN_STATUS_PENDING


def test_a_child_of_a_version_that_was_never_registered_fails_its_step(
    flow: RawWorker, service: Service, queue: str
) -> None:
    service.start("parent", queue)
    flow.suspend(flow.task().token, child("kid", "kid", workflow_version=77))
    (record,) = flow.task().workflow.steps
    assert (record.state, record.failure.code) == (run.STEP_STATE_FAILED, "VERSION_NOT_REGISTERED")


def test_a_child_of_a_type_that_nobody_serves_waits(flow: RawWorker, service: Service, queue: str, raw: Any) -> None:
    parent = service.start("parent", queue)
    flow.suspend(flow.task().token, child("kid", f"late-{queue}", task_queue=f"other-{queue}"))
    kid = service.step(parent, "kid").child_run_id
    assert service.get(kid).status == run.RUN_STATUS_PENDING
    late = raw(service, f"other-{queue}", workflows=[f"late-{queue}"])
    late.open()
    late.grant(1)
    late.complete(late.task().token, b"1")
    assert flow.task().workflow.steps[0].output.data == b"1"


@pytest.mark.parametrize(
    "fields", [{"workflow_type": ""}, {"workflow_version": 0}, {"workflow_id": "x" * 513}, {"task_queue": "x" * 257},
               {"tags": {str(number): "" for number in range(33)}}],
)  # fmt: skip
def test_a_child_that_makes_no_sense_is_refused_with_its_report(
    flow: RawWorker, service: Service, queue: str, fields: Any
) -> None:
    parent = service.start("parent", queue)
    task = flow.task()
    answer = flow.suspend(task.token, child("kid", fields.pop("workflow_type", "kid"), **fields))
    assert answer.rejection.reason == worker.REJECTION_REASON_INVALID
    assert not service.steps(parent)


def test_a_report_sent_twice_starts_one_child(flow: RawWorker, service: Service, queue: str) -> None:
    parent = service.start("parent", queue)
    task = flow.task()
    for _ in range(3):
        answer = flow.go_on(task.token, commands=[child("kid", "kid")])
        assert not answer.HasField("rejection")
    flow.suspend(task.token)
    first = flow.task()
    flow.expect_nothing("task", 0.3)
    assert [found.run_id for found in service.list_runs(parent_run_id=parent)] == [first.run_id]
    flow.complete(first.token)
    flow.complete(flow.task().token)
    assert service.wait(parent).status == run.RUN_STATUS_COMPLETED


@pytest.mark.parametrize("close", ["complete", "fail", "terminate", "continue"])
def test_when_a_parent_closes_its_children_are_stopped_as_their_policies_say(
    flow: RawWorker, service: Service, queue: str, close: str
) -> None:
    parent = service.start("parent", queue)
    task = flow.task()
    close_policies = [
        worker.PARENT_CLOSE_POLICY_UNSPECIFIED, worker.PARENT_CLOSE_POLICY_CANCEL,
        worker.PARENT_CLOSE_POLICY_TERMINATE, worker.PARENT_CLOSE_POLICY_ABANDON,
    ]  # fmt: skip
    commands = [child(f"kid{number}", "kid", parent_close_policy=number) for number in close_policies]
    flow.go_on(task.token, commands=commands)
    kids = {}
    for _ in close_policies:
        first = flow.task()
        kids[service.get(first.run_id).parent_step] = first
    if close == "complete":
        flow.complete(task.token)
    elif close == "fail":
        flow.fail(task.token, common.ERROR_KIND_UNKNOWN)
    elif close == "terminate":
        service.terminate(parent)
    else:
        flow.continue_as_new(task.token)
    told = {flow.next("cancel").token for _ in range(2)}
    assert told == {kids["kid0"].token, kids["kid1"].token}
    assert service.wait(kids["kid2"].run_id).status == run.RUN_STATUS_TERMINATED
    for key in ("kid0", "kid1"):
        flow.fail(kids[key].token, common.ERROR_KIND_CANCELLED)
        assert service.wait(kids[key].run_id).status == run.RUN_STATUS_CANCELLED
    abandoned = service.get(kids["kid3"].run_id)
    assert abandoned.status == run.RUN_STATUS_RUNNING and not abandoned.cancel_requested
    flow.complete(kids["kid3"].token)
    assert service.wait(kids["kid3"].run_id).status == run.RUN_STATUS_COMPLETED
    assert all(step.state == run.STEP_STATE_CANCELLED for step in service.steps(parent))


@pytest.mark.parametrize("close_policy", list(worker.ParentClosePolicy.values()))
def test_a_child_whose_step_is_cancelled_is_stopped_whatever_a_close_would_do(
    flow: RawWorker, service: Service, queue: str, close_policy: int
) -> None:
    parent = service.start("parent", queue)
    task = flow.task()
    flow.go_on(task.token, commands=[child("kid", "kid", parent_close_policy=close_policy)])
    kid = flow.task()
    flow.suspend(task.token, cancel_step("kid"))
    if close_policy == worker.PARENT_CLOSE_POLICY_TERMINATE:
        assert service.wait(kid.run_id).status == run.RUN_STATUS_TERMINATED
    else:
        assert flow.next("cancel").token == kid.token
        flow.fail(kid.token, common.ERROR_KIND_CANCELLED)
        assert service.wait(kid.run_id).status == run.RUN_STATUS_CANCELLED
    assert service.step(parent, "kid").state == run.STEP_STATE_CANCELLED


def test_a_parent_that_is_tried_again_stops_its_open_child_and_starts_another(
    flow: RawWorker, service: Service, queue: str
) -> None:
    parent = service.start("parent", queue, retry_policy=policy(2))
    task = flow.task()
    flow.go_on(task.token, commands=[child("kid", "kid")])
    old = flow.task()
    flow.fail(task.token, common.ERROR_KIND_NETWORK_ERROR)
    assert flow.next("cancel").token == old.token
    task = flow.task()
    assert task.run_id == parent and task.attempt == 2 and not task.workflow.steps
    flow.suspend(task.token, child("kid", "kid"))
    new = flow.task()
    assert new.workflow_id == new.run_id == service.get(new.run_id).workflow_id
    # The old child's end is not taken for the new one's.
    flow.fail(old.token, common.ERROR_KIND_CANCELLED)
    assert service.wait(old.run_id).status == run.RUN_STATUS_CANCELLED
    assert service.step(parent, "kid").state == run.STEP_STATE_WAITING
    flow.complete(new.token, b"2")
    (record,) = flow.task().workflow.steps
    assert record.output.data == b"2"


def test_children_of_children_are_stopped_too(flow: RawWorker, service: Service, queue: str) -> None:
    parent, kid = start_with_child(flow, service, queue, parent_close_policy=worker.PARENT_CLOSE_POLICY_TERMINATE)
    flow.suspend(kid.token, child("grandkid", "kid", parent_close_policy=worker.PARENT_CLOSE_POLICY_TERMINATE))
    grandkid = flow.task()
    service.terminate(parent)
    assert service.wait(kid.run_id).status == run.RUN_STATUS_TERMINATED
    assert service.wait(grandkid.run_id).status == run.RUN_STATUS_TERMINATED


def test_a_child_that_continues_as_new_still_settles_its_parents_step(
    flow: RawWorker, service: Service, queue: str
) -> None:
    parent, first = start_with_child(flow, service, queue)
    task = first
    for number in range(3):
        flow.continue_as_new(task.token, str(number).encode())
        task = flow.task()
        assert task.workflow.input.data == str(number).encode()
        assert service.get(task.run_id).parent_run_id == parent
    flow.expect_nothing("task", 0.2)
    flow.complete(task.token, b"3")
    (record,) = flow.task().workflow.steps
    assert record.output.data == b"3"
    assert service.step(parent, "kid").child_run_id == first.run_id


def test_a_parents_close_reaches_the_run_that_continues_its_child(
    flow: RawWorker, service: Service, queue: str
) -> None:
    parent, first = start_with_child(flow, service, queue)
    flow.continue_as_new(first.token)
    second = flow.task()
    service.terminate(parent)
    assert flow.next("cancel").token == second.token
    assert service.get(second.run_id).cancel_requested


def test_many_children_of_one_parent_settle_once_each_and_wake_it(
    flow: RawWorker, service: Service, queue: str
) -> None:
    parent = service.start("parent", queue)
    flow.grant(200)
    task = flow.task()
    keys = [f"kid{number}" for number in range(100)]
    flow.suspend(task.token, *[child(key, "kid") for key in keys])
    settled: set[str] = set()
    begin = time.monotonic()
    while len(settled) < 100 and time.monotonic() - begin < 30:
        task = flow.task()
        if task.run_id == parent:
            flow.grant(1)
            settled |= {step.key for step in task.workflow.steps if step.state == run.STEP_STATE_COMPLETED}
            if len(settled) < 100:
                flow.suspend(task.token)
        else:
            flow.complete(task.token, task.workflow_id.encode())
    assert settled == set(keys)
    flow.complete(task.token)
    assert service.wait(parent).status == run.RUN_STATUS_COMPLETED
    assert {step.output.data.decode() for step in service.steps(parent)} == {f"{parent}/{key}" for key in keys}
