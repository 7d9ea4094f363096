"""Cancelling, terminating and timing out, wherever a run is."""

from __future__ import annotations

import threading
import time
from typing import Any

import grpc
import pytest
from harness import (
    RawWorker, Service, common, detail_of, details, duration, local_result, policy, run, schedule, timer, worker,
)  # fmt: skip

CANCELLED = common.ERROR_KIND_CANCELLED


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    return flow


def fail_as_cancelled(flow: RawWorker, token: bytes, *results: Any) -> Any:
    failure = common.Failure(kind=CANCELLED, message="as asked")
    return flow.report(token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure), results=list(results)))


@pytest.mark.parametrize("sticky", [True, False])
def test_a_sleeping_run_is_woken_to_be_cancelled_and_may_clean_up(
    flow: RawWorker, service: Service, queue: str, sticky: bool
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, timer("nap", 3600), sticky=sticky)
    flow.grant(1)
    flow.settle_stream()
    begin = time.monotonic()
    service.cancel(run_id, "enough")
    service.cancel(run_id, "twice is once")
    task = flow.task(timeout=10)
    assert time.monotonic() - begin < 4
    assert task.workflow.cancel_requested and task.workflow.cancel_reason == "enough"
    assert service.get(run_id).cancel_requested
    flow.go_on(task.token, local_result("cleanup", b"1"))
    assert not fail_as_cancelled(flow, task.token).HasField("rejection")
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_CANCELLED and closed.status_reason == "enough"
    assert {step.key: step.state for step in service.steps(run_id)} == {
        "nap": run.STEP_STATE_CANCELLED, "cleanup": run.STEP_STATE_COMPLETED,
    }  # fmt: skip


def test_a_running_activity_and_its_waiting_run_are_told_within_100_ms(
    flow: RawWorker, service: Service, queue: str
) -> None:
    times = []
    for _ in range(5):
        run_id = service.start("w", queue)
        flow.suspend(flow.task().token, schedule("long", "a"), sticky=True)
        activity = flow.task()
        flow.grant(1)
        flow.settle_stream()
        begin = time.monotonic()
        service.cancel(run_id, "enough")
        cancel = flow.next("cancel", 5)
        times.append(time.monotonic() - begin)
        assert cancel.token == activity.token and cancel.reason == "enough"
        task = flow.task()
        assert task.workflow.cancel_requested
        answer = flow.report(activity.token, activity=worker.ActivityReport(cancelled=worker.Cancelled(message="ok")))
        assert not answer.HasField("rejection"), answer
        assert service.step(run_id, "long").state == run.STEP_STATE_CANCELLED
        fail_as_cancelled(flow, task.token)
        assert service.wait(run_id).status == run.RUN_STATUS_CANCELLED
        flow.grant(1, 1)
    assert min(times) < 0.1, times


def test_a_run_at_work_is_told_and_may_complete_all_the_same(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    service.cancel(run_id, "enough")
    assert flow.next("cancel", 5).token == task.token
    flow.complete(task.token, b'"done"')
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_the_output_of_an_activity_that_did_not_heed_the_cancellation_is_kept(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("long", "a"))
    activity = flow.task()
    service.cancel(run_id)
    assert flow.next("cancel", 5).token == activity.token
    assert not flow.output(activity.token, b"3").HasField("rejection")
    assert service.step(run_id, "long").output.data == b"3"


def test_terminating_closes_at_once_and_takes_the_tasks_away(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("long", "a"), timer("nap", 3600))
    activity = flow.task()
    service.terminate(run_id, "off with it")
    closed = service.get(run_id)
    assert closed.status == run.RUN_STATUS_TERMINATED and closed.status_reason == "off with it"
    assert flow.next("cancel", 5).token == activity.token
    assert {step.state for step in service.steps(run_id)} == {run.STEP_STATE_CANCELLED}
    answer = flow.output(activity.token, b"1")
    assert answer.rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    assert not service.step(run_id, "long").HasField("output")


def test_a_workflow_task_of_a_terminated_run_is_refused(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    service.terminate(run_id)
    assert flow.next("lost", 5).tokens == [task.token]
    answer = flow.complete(task.token)
    assert answer.rejection.reason == worker.REJECTION_REASON_LEASE_LOST and "TERMINATED" in answer.rejection.message
    assert service.get(run_id).status == run.RUN_STATUS_TERMINATED


def test_a_closed_run_is_not_cancelled(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.complete(flow.task().token)
    with pytest.raises(grpc.RpcError) as error:
        service.cancel(run_id)
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    detail = detail_of(error.value)
    assert isinstance(detail, details.RunClosed) and detail.run_id == run_id and detail.status == "COMPLETED"


# Timeouts


def timed_out_step(service: Service, run_id: str, key: str) -> Any:
    step = service.wait_step(run_id, key, run.STEP_STATE_FAILED)
    assert step.failure.kind == common.ERROR_KIND_TIMEOUT, step
    return step


def test_start_to_close_fails_the_attempt_and_the_next_one_may_succeed(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(
        flow.task().token, schedule("slow", "a", start_to_close_timeout=duration(0.4), retry_policy=policy(2))
    )
    first = flow.task()
    assert flow.next("lost").tokens == [first.token]
    flow.grant(1, 1)
    second = flow.task()
    assert second.attempt == 2
    flow.output(second.token, b"2")
    attempts = service.attempts(run_id, "slow")
    assert [each.failure.kind for each in attempts] == [common.ERROR_KIND_TIMEOUT, 0]


def test_heartbeats_keep_an_attempt_alive_and_their_absence_ends_it(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("slow", "a", heartbeat_timeout=duration(1.5), retry_policy=policy(2)))
    first = flow.task()
    assert first.activity.heartbeat_timeout.ToMilliseconds() == 1_500
    until = time.monotonic() + 3
    beats = 0
    pause = threading.Event()
    while time.monotonic() < until:
        flow.beat(first.token, str(beats).encode())
        flow.next("beat")
        beats += 1
        pause.wait(0.1)
    assert service.step(run_id, "slow").progress.data == str(beats - 1).encode(), "operators see the progress"
    assert flow.next("lost", 5).tokens == [first.token]
    flow.grant(0, 1)
    second = flow.task()
    assert second.attempt == 2 and second.activity.progress.data == str(beats - 1).encode()
    flow.output(second.token)


def test_schedule_to_start_fails_a_step_that_nobody_takes(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    command = schedule("ignored", "nobody-has-it", schedule_to_start_timeout=duration(0.3), retry_policy=policy(1))
    flow.suspend(flow.task().token, command)
    timed_out_step(service, run_id, "ignored")
    flow.grant(1)
    assert flow.task().workflow.steps[0].failure.kind == common.ERROR_KIND_TIMEOUT


def test_schedule_to_close_ends_the_step_retries_included(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(
        flow.task().token,
        schedule("slow", "a", schedule_to_close_timeout=duration(1), retry_policy=policy(1_000, 0.05)),
    )
    begin = time.monotonic()
    flow.send(grant=worker.SlotGrant(activity_slots=1_000))
    while True:
        try:
            task = flow.task(timeout=1.5)
        except TimeoutError:
            break
        flow.failure(task.token, common.ERROR_KIND_TIMEOUT)
    step = service.wait_step(run_id, "slow", run.STEP_STATE_FAILED)
    assert step.attempt > 2 and time.monotonic() - begin < 15


def test_schedule_to_close_ends_a_step_that_waits_for_its_next_attempt_or_for_a_worker(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(
        flow.task().token,
        schedule("nobody", "nobody-has-it", schedule_to_close_timeout=duration(0.3), retry_policy=policy(50)),
        schedule("held", "a", schedule_to_close_timeout=duration(0.3), retry_policy=policy(50)),
    )
    held = flow.task()
    timed_out_step(service, run_id, "nobody")
    timed_out_step(service, run_id, "held")
    assert flow.next("lost", 5).tokens == [held.token]


def test_the_run_timeout_closes_a_run_wherever_it_is(flow: RawWorker, service: Service, queue: str) -> None:
    held = service.start("w", queue, run_timeout=duration(0.5))
    task = flow.task()
    flow.grant(1)
    asleep = service.start("w", queue, run_timeout=duration(0.5))
    flow.suspend(flow.task().token, timer("nap", 3600))
    unclaimed = service.start("nobody-has-it", queue, run_timeout=duration(0.5))
    for run_id in (held, asleep, unclaimed):
        closed = service.wait(run_id, 10)
        assert closed.status == run.RUN_STATUS_TIMED_OUT
        assert closed.failure.kind == common.ERROR_KIND_TIMEOUT
    assert flow.next("lost", 5).tokens == [task.token]
    assert flow.complete(task.token).rejection.reason == worker.REJECTION_REASON_LEASE_LOST


def test_a_lost_worker_counts_as_an_attempt_and_the_next_one_gets_the_progress(
    flow: RawWorker, raw: Any, service: Service, queue: str
) -> None:
    name = f"only-{queue}"
    lost = raw(service, queue, activities=[name], lease=1, worker_id=f"lost-{queue}")
    lost.open()
    lost.grant(0, 1)
    lost.settle_stream()
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("long", name, retry_policy=policy(2)))
    task = lost.task()
    lost.beat(task.token, b'"half"')
    lost.next("beat")
    lost.drop()
    other = raw(service, queue, activities=[name])
    other.open()
    other.grant(0, 1)
    again = other.task(timeout=10)
    assert again.attempt == 2 and again.activity.progress.data == b'"half"'
    other.drop()
    other.open(held=[again.token])
    other.output(again.token, b"1")
    attempts = service.attempts(run_id, "long")
    assert [each.failure.kind for each in attempts] == [common.ERROR_KIND_WORKER_LOST, 0]
    assert attempts[0].worker_id == f"lost-{queue}"


def test_losing_the_worker_of_the_last_attempt_fails_the_step(
    flow: RawWorker, raw: Any, service: Service, queue: str
) -> None:
    name = f"only-{queue}"
    lost = raw(service, queue, activities=[name], lease=1)
    lost.open()
    lost.grant(0, 1)
    lost.settle_stream()
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("long", name, retry_policy=policy(1)))
    lost.task()
    lost.drop()
    step = service.wait_step(run_id, "long", run.STEP_STATE_FAILED, 10)
    assert step.failure.kind == common.ERROR_KIND_WORKER_LOST


def test_a_cancelled_run_that_no_worker_finishes_is_closed_after_the_grace(
    new_coordinator: Any, new_database: Any, queue: str
) -> None:
    coordinator = new_coordinator(new_database(), "--cancel-grace", "1s")
    service = coordinator.service()
    run_id = service.start("nobody-has-it", queue)
    service.cancel(run_id, "enough")
    closed = service.wait(run_id, 10)
    assert closed.status == run.RUN_STATUS_CANCELLED
    assert closed.failure.kind == CANCELLED
