"""Continue-as-new: one run closes and the next begins in one transaction, with everything that belongs to it."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator, Ended, RawWorker, Service, await_signal, common, detail_of, details, duration, local_result, run, schedule, timer, worker, workflow_service,
)  # fmt: skip


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    made: RawWorker = raw(service, queue, workflows=["w", "w:2"], activities=["x"])
    made.open()
    made.grant(20, 5)
    return made


def test_the_next_run_has_everything_that_belongs_to_the_workflow(
    flow: RawWorker, service: Service, queue: str
) -> None:
    first = service.start(
        "w", queue, b"1", workflow_id=f"chain-{queue}", priority=7, tags={"team": "a"}, headers={"trace": "t"},
        run_timeout=duration(60),
    )  # fmt: skip
    task = flow.task()
    flow.continue_as_new(task.token, b"2", results=[local_result("done", b"5")])
    task = flow.task()
    assert task.workflow.input.data == b"2" and not task.workflow.steps and task.workflow_id == f"chain-{queue}"
    assert task.headers["trace"] == "t" and task.attempt == 1
    old, new = service.get(first), service.get(task.run_id)
    assert (old.status, old.related_run_id) == (run.RUN_STATUS_CONTINUED, new.run_id)
    assert (new.status, new.related_run_id) == (run.RUN_STATUS_RUNNING, first)
    for field in ("workflow_id", "workflow_type", "workflow_version", "task_queue", "priority", "tags"):
        assert getattr(new, field) == getattr(old, field), field
    assert new.HasField("next_wake_at"), "the run timeout counts anew"
    assert service.step(first, "done").output.data == b"5"
    assert service.wait(first).status == run.RUN_STATUS_CONTINUED
    flow.complete(task.token)
    assert service.wait(new.run_id).status == run.RUN_STATUS_COMPLETED


def test_what_was_open_is_cancelled(flow: RawWorker, service: Service, queue: str) -> None:
    first = service.start("w", queue)
    task = flow.task()
    flow.go_on(task.token, commands=[schedule("act", "x"), timer("nap", 60)])
    activity = flow.task()
    flow.continue_as_new(task.token)
    assert flow.next("cancel").token == activity.token
    assert {step.state for step in service.steps(first)} == {run.STEP_STATE_CANCELLED}
    assert flow.task().run_id != first


def test_signals_that_no_step_took_go_on_with_the_workflow_in_order(
    flow: RawWorker, service: Service, queue: str
) -> None:
    first = service.start("w", queue, workflow_id=f"chain-{queue}")
    task = flow.task()
    for number in range(4):
        service.signal(first, "n", str(number).encode(), request_id=f"r{number}")
    flow.suspend(task.token, await_signal("a", "n"))
    task = flow.task()
    assert task.workflow.steps[0].output.data == b"0"
    flow.continue_as_new(task.token)
    task = flow.task()
    service.signal("", "n", b"4", workflow_id=f"chain-{queue}")
    service.signal("", "n", b"3", workflow_id=f"chain-{queue}", request_id="r3")
    flow.suspend(task.token, *[await_signal(f"b{number}", "n") for number in range(5)])
    steps = {step.key: step for step in flow.task().workflow.steps}
    assert [steps[f"b{number}"].output.data for number in range(4)] == [b"1", b"2", b"3", b"4"]
    assert steps["b4"].state == run.STEP_STATE_WAITING


def test_a_paused_run_goes_on_paused_and_moves_again_when_it_is_resumed(
    flow: RawWorker, service: Service, queue: str
) -> None:
    first = service.start("w", queue, workflow_id=f"chain-{queue}")
    task = flow.task()
    service.pause(first, "look at it")
    assert not flow.continue_as_new(task.token, b"2").HasField("rejection")
    flow.grant(1)
    flow.expect_nothing("task", 0.4)
    assert service.get(first).status == run.RUN_STATUS_CONTINUED
    second = service.get(service.get(first).related_run_id)
    assert (second.status, second.status_reason) == (run.RUN_STATUS_PAUSED, "look at it")
    service.resume(second.run_id)
    task = flow.task(timeout=2)
    assert task.run_id == second.run_id and task.workflow.input.data == b"2"
    flow.complete(task.token)
    assert service.wait(second.run_id).status == run.RUN_STATUS_COMPLETED


def test_a_version_may_be_named_and_must_be_registered(flow: RawWorker, service: Service, queue: str) -> None:
    service.start("w", queue, workflow_version=1)
    task = flow.task()
    answer = flow.continue_as_new(task.token, version=9)
    assert answer.rejection.reason == worker.REJECTION_REASON_INVALID and "9" in answer.rejection.message
    assert not flow.continue_as_new(task.token, version=2).HasField("rejection")
    task = flow.task()
    assert task.workflow_version == 2
    flow.continue_as_new(task.token)
    assert flow.task().workflow_version == 2


def test_the_same_report_again_is_answered_as_recorded_and_starts_nothing(
    flow: RawWorker, service: Service, queue: str
) -> None:
    service.start("w", queue, workflow_id=f"chain-{queue}")
    task = flow.task()
    for _ in range(3):
        assert not flow.continue_as_new(task.token, b"1").HasField("rejection")
    flow.task()
    flow.expect_nothing("task", 0.3)
    assert len(service.list_runs(workflow_id=f"chain-{queue}")) == 2


def test_a_request_to_cancel_goes_on_with_the_workflow(flow: RawWorker, service: Service, queue: str) -> None:
    first = service.start("w", queue)
    task = flow.task()
    service.cancel(first, "enough")
    flow.continue_as_new(task.token)
    task = flow.task()
    assert task.workflow.cancel_requested and task.workflow.cancel_reason == "enough"
    flow.fail(task.token, common.ERROR_KIND_CANCELLED)
    assert service.wait(task.run_id).status == run.RUN_STATUS_CANCELLED


def test_the_workflow_id_is_never_free_in_between(
    flow: RawWorker, service: Service, queue: str, shared: Coordinator
) -> None:
    """Somebody tries all the time to start a run of the same workflow id, and never can."""
    service.start("w", queue, workflow_id=f"chain-{queue}")
    stolen: list[str] = []
    stop = threading.Event()

    def steal() -> None:
        thief = Service(shared.address)
        while not stop.is_set():
            try:
                stolen.append(thief.start("w", f"nobody-{queue}", workflow_id=f"chain-{queue}"))
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.ALREADY_EXISTS
                assert isinstance(detail_of(error), details.AlreadyStarted)
        thief.close()

    thieves = [threading.Thread(target=steal) for _ in range(4)]
    for thread in thieves:
        thread.start()
    for number in range(100):
        task = flow.task()
        flow.grant(1)
        flow.continue_as_new(task.token, str(number).encode())
    task = flow.task()
    stop.set()
    for thread in thieves:
        thread.join()
    assert not stolen
    assert task.workflow.input.data == b"99"
    assert len(service.list_runs(workflow_id=f"chain-{queue}")) == 101
