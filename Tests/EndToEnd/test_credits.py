"""A worker's slots under reports that come twice and signals at the same moment: each task uses one, none is lost or doubled."""

from __future__ import annotations

from typing import Any

import pytest
from harness import RawWorker, Service, await_signal, common, payload, run, schedule, worker, workflow_service

ROUNDS = 30
SOON = 5.0


def signal(service: Service, run_id: str) -> Any:
    """Signals a run; the call is under way when this returns."""
    request = workflow_service.SignalWorkflowRequest(
        run_id=run_id, signal_name="go", payload=common.Payload(data=b"1", encoding="json")
    )
    return service.workflows.SignalWorkflow.future(request, timeout=10)


def twice_with_a_signal(flow: RawWorker, service: Service, run_id: str, report: Any, order: int) -> None:
    """Sends a report twice and a signal before, between or after the two; returns when all were answered."""
    signalled = None
    for place in range(3):
        if place == order:
            signalled = signal(service, run_id)
        else:
            flow.send(report=report)
    for _ in range(2):
        assert not flow.answer(report.report_id).HasField("rejection")
    assert signalled is not None
    signalled.result()


def assert_free(flow: RawWorker, service: Service, queue: str, slots: int) -> None:
    """The worker has so many free slots, no less and no more."""
    runs = [service.start("w", queue) for _ in range(slots + 2)]
    tasks = [flow.task(SOON) for _ in range(slots)]
    flow.expect_nothing("task", 0.4)
    flow.grant(2)
    tasks += [flow.task(SOON) for _ in range(2)]
    assert sorted(task.run_id for task in tasks) == sorted(runs)
    for task in tasks:
        flow.complete(task.token)


@pytest.mark.parametrize("spare", [0, 1, 3])
def test_a_report_that_comes_twice_and_a_signal_at_the_same_moment_use_one_slot(
    service: Service, raw: Any, queue: str, spare: int
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1 + spare)
    for number in range(ROUNDS):
        run_id = service.start("w", queue)
        token = flow.task(SOON).token
        suspend = worker.WorkflowReport(suspend=worker.Suspend(sticky=number % 2 == 0), commands=[await_signal("go", "go")])
        twice_with_a_signal(flow, service, run_id, flow.request(token, workflow=suspend), number % 3)
        if not spare:
            flow.expect_nothing("task", 0.02)
        flow.grant(2)
        task = flow.task(SOON)
        assert [step.key for step in task.workflow.steps] == ["go"] and task.token != token
        flow.complete(task.token)
    assert_free(flow, service, queue, 1 + spare)


@pytest.mark.parametrize("spare", [0, 1, 3])
def test_an_activity_reported_twice_and_a_signal_at_the_same_moment_use_a_slot_for_each_task(
    service: Service, raw: Any, queue: str, spare: int
) -> None:
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1 + spare, 1)
    for number in range(ROUNDS):
        run_id = service.start("w", queue)
        flow.suspend(flow.task(SOON).token, schedule("charge", "a"), await_signal("go", "go"), sticky=number % 2 == 0)
        report = flow.request(flow.task(SOON).token, activity=worker.ActivityReport(output=payload(b"1")))
        twice_with_a_signal(flow, service, run_id, report, number % 3)
        flow.grant(1, 1)
        settled: set[str] = set()
        while True:
            # One task tells of both, or the second task of what came during the first.
            task = flow.task(SOON)
            settled |= {step.key for step in task.workflow.steps if step.state == run.STEP_STATE_COMPLETED}
            if settled == {"charge", "go"}:
                break
            flow.suspend(task.token, sticky=True)
            flow.grant(1)
        flow.complete(task.token)
        flow.grant(1)
    assert_free(flow, service, queue, 1 + spare)
