"""Pausing and resuming runs, wherever they are."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from harness import (
    RawWorker, Service, common, details, duration, local_failure, local_result, policy, run, schedule, timer, worker,
    open_group,
)  # fmt: skip
from harness.run_control import PERMANENT, fail, member, refusal, states


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w", "w:2"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    return flow


def test_a_paused_run_is_not_handed_out_and_is_at_once_when_it_is_resumed(
    flow: RawWorker, raw: Any, service: Service, queue: str
) -> None:
    flow.grant(0, 0)
    taken = service.start("w", queue)
    token = flow.task().token
    waiting = service.start("w", queue)
    service.pause(waiting, "for the test")
    paused = service.get(waiting)
    assert paused.status == run.RUN_STATUS_PAUSED and paused.status_reason == "for the test"
    flow.grant(1)
    flow.expect_nothing("task", 0.5)
    service.resume(waiting)
    assert flow.task(timeout=2).run_id == waiting
    assert service.get(waiting).status == run.RUN_STATUS_RUNNING and service.get(waiting).status_reason == ""
    flow.complete(token)
    assert service.wait(taken).status == run.RUN_STATUS_COMPLETED


def test_a_ready_activity_of_a_paused_run_waits_and_is_claimable_at_once_when_it_is_resumed(
    raw: Any, service: Service, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("charge", "a", schedule_to_start_timeout=duration(60)))
    assert states(service, run_id) == {"charge": run.STEP_STATE_READY}
    service.pause(run_id)
    step = service.step(run_id, "charge")
    assert step.state == run.STEP_STATE_WAITING and not step.HasField("due_at")
    late = raw(service, queue, activities=["a"])
    late.open()
    late.grant(0, 1)
    late.expect_nothing("task", 0.5)
    service.resume(run_id)
    assert late.task(timeout=2).activity.step == "charge"
    assert service.step(run_id, "charge").state == run.STEP_STATE_RUNNING


def test_what_a_session_holds_of_a_paused_run_finishes_and_new_activities_are_held_back(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.suspend(task.token, schedule("first", "a"))
    activity = flow.task()
    service.pause(run_id)
    flow.grant(1, 1)
    assert not flow.output(activity.token, b"1").HasField("rejection")
    assert states(service, run_id) == {"first": run.STEP_STATE_COMPLETED}
    flow.expect_nothing("task", 0.4)
    service.resume(run_id)
    task = flow.task(timeout=2)
    service.pause(run_id)
    assert not flow.go_on(task.token, local_result("local"), commands=[schedule("second", "a")]).HasField("rejection")
    assert not flow.suspend(task.token, schedule("third", "a"), timer("nap", 0.1)).HasField("rejection")
    assert states(service, run_id)["second"] == run.STEP_STATE_WAITING
    assert states(service, run_id)["third"] == run.STEP_STATE_WAITING
    assert service.get(run_id).status == run.RUN_STATUS_PAUSED
    # The slots that were reserved for them are free again: two more fit beside the one granted here.
    flow.grant(0, 1)
    flow.expect_nothing("task", 0.4)
    service.resume(run_id)
    tasks = [flow.task(timeout=2), flow.task(timeout=2)]
    assert {each.activity.step for each in tasks} == {"second", "third"}
    flow.grant(2)
    for each in tasks:
        assert not flow.output(each.token, b"2").HasField("rejection")
    done: set[str] = set()
    while done != {"first", "local", "second", "third", "nap"}:
        task = flow.task(timeout=5)
        done = {step.key for step in task.workflow.steps if step.state == run.STEP_STATE_COMPLETED}
        if len(done) < 5:
            flow.suspend(task.token)
            flow.grant(1)
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


@pytest.mark.parametrize("kind", ["activity", "local"])
def test_a_retry_that_falls_due_while_the_run_is_paused_stays_back(
    flow: RawWorker, service: Service, queue: str, kind: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    if kind == "activity":
        flow.suspend(task.token, schedule("again", "a", retry_policy=policy(3, 0.3)))
        flow.failure(flow.task().token, PERMANENT)
    else:
        flow.suspend(task.token, results=[local_failure("again", PERMANENT, policy=policy(3, 0.3))])
    service.pause(run_id)
    flow.grant(1, 1)
    flow.expect_nothing("task", 0.8)
    assert service.get(run_id).status == run.RUN_STATUS_PAUSED
    service.resume(run_id)
    task = flow.task(timeout=2)
    assert task.attempt == 2 if kind == "activity" else task.workflow.steps[0].attempt == 2


def test_a_timer_fires_while_the_run_is_paused_and_is_seen_when_it_is_resumed(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, timer("nap", 0.3), sticky=True)
    service.pause(run_id)
    flow.grant(1)
    nap = service.wait_step(run_id, "nap", run.STEP_STATE_COMPLETED)
    assert nap.settled_at.ToNanoseconds() - nap.due_at.ToNanoseconds() < 2e9 if nap.HasField("due_at") else True
    flow.expect_nothing("task", 0.3)
    service.resume(run_id)
    task = flow.task(timeout=2)
    assert [step.key for step in task.workflow.steps] == ["nap"]


def test_a_waiting_run_that_nothing_happened_to_is_not_handed_out_by_a_resume(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, timer("nap", 3600))
    service.pause(run_id)
    flow.grant(1)
    service.resume(run_id)
    flow.expect_nothing("task", 0.4)
    assert service.get(run_id).status == run.RUN_STATUS_SLEEPING


def test_a_run_that_had_become_ready_again_before_the_pause_is_handed_out_by_the_resume(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, timer("nap", 0.01))
    # It fires, and nobody has a slot.
    assert service.wait_step(run_id, "nap", run.STEP_STATE_COMPLETED)
    service.pause(run_id)
    flow.grant(1)
    flow.expect_nothing("task", 0.3)
    service.resume(run_id)
    assert [step.key for step in flow.task(timeout=2).workflow.steps] == ["nap"]


def test_pausing_and_resuming_twice_is_the_same_as_once_and_a_closed_run_is_refused(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    sequence = service.get(run_id).sequence
    service.resume(run_id)
    assert service.get(run_id).sequence == sequence
    service.pause(run_id, "first")
    sequence = service.get(run_id).sequence
    service.pause(run_id, "second")
    assert service.get(run_id).status_reason == "first" and service.get(run_id).sequence == sequence
    service.resume(run_id)
    service.resume(run_id)
    assert service.get(run_id).status == run.RUN_STATUS_RUNNING
    flow.complete(task.token)
    for call in (service.pause, service.resume):
        code, detail = refusal(call, run_id)
        assert code == grpc.StatusCode.FAILED_PRECONDITION
        assert isinstance(detail, details.RunClosed) and detail.status == "COMPLETED"
    code, detail = refusal(service.pause, "0190a0b0-0000-7000-8000-000000000000")
    assert code == grpc.StatusCode.NOT_FOUND and isinstance(detail, details.RunNotFound)
    code, detail = refusal(service.pause, "")
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "run_id"
    code, detail = refusal(service.pause, run_id, "x" * 5_000)
    assert code == grpc.StatusCode.INVALID_ARGUMENT and detail.field == "reason"


def test_a_task_given_back_by_a_paused_run_comes_with_the_resume(raw: Any, service: Service, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    task = flow.task()
    service.pause(run_id)
    flow.report(task.token, workflow=worker.WorkflowReport(give_back=worker.GiveBack(evicted=True)))
    flow.grant(1)
    flow.expect_nothing("task", 0.4)
    service.resume(run_id)
    assert flow.task(timeout=2).run_id == run_id


def test_an_activity_that_a_dead_worker_held_stays_back_while_the_run_is_paused(
    raw: Any, service: Service, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    dying = raw(service, queue, activities=["a"], lease=1)
    dying.open()
    dying.grant(0, 1)
    dying.settle_stream()
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("charge", "a", retry_policy=policy(3)))
    dying.task()
    service.pause(run_id)
    dying.drop()
    heir = raw(service, queue, activities=["a"])
    heir.open()
    heir.grant(0, 1)
    heir.expect_nothing("task", 2.5)
    assert service.attempts(run_id, "charge")[0].failure.kind == common.ERROR_KIND_WORKER_LOST
    service.resume(run_id)
    assert heir.task(timeout=2).attempt == 2


def test_a_workflow_task_that_a_dead_worker_held_comes_with_the_resume(
    raw: Any, service: Service, queue: str
) -> None:
    dying = raw(service, queue, workflows=["w"], lease=1)
    dying.open()
    dying.grant(1)
    run_id = service.start("w", queue)
    dying.task()
    service.pause(run_id)
    dying.drop()
    deadline = time.monotonic() + 10
    while service.get(run_id).session_id:
        assert time.monotonic() < deadline, "the task was never given back"
        time.sleep(0.05)
    heir = raw(service, queue, workflows=["w"])
    heir.open()
    heir.grant(1)
    heir.expect_nothing("task", 0.3)
    service.resume(run_id)
    assert heir.task(timeout=2).run_id == run_id


def test_a_parked_run_goes_on_whole_when_it_is_resumed(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.go_on(task.token, commands=[schedule("before", "unserved")])
    report = worker.WorkflowReport(
        park=worker.Park(reason="'a' was renamed to 'b'"), results=[local_result("a")], commands=[schedule("x", "a")]
    )
    flow.report(task.token, workflow=report)
    parked = service.get(run_id)
    assert parked.status == run.RUN_STATUS_PAUSED and parked.status_reason == "'a' was renamed to 'b'"
    waiting = {"before": run.STEP_STATE_WAITING, "x": run.STEP_STATE_WAITING}
    assert states(service, run_id) == {"a": run.STEP_STATE_COMPLETED, **waiting}
    flow.grant(1, 1)
    flow.expect_nothing("task", 0.4)
    service.resume(run_id)
    tasks = [flow.task(timeout=2), flow.task(timeout=2)]
    whole = next(task for task in tasks if task.HasField("workflow"))
    assert not whole.workflow.delta and [step.key for step in whole.workflow.steps] == ["before", "a", "x"]
    assert states(service, run_id)["before"] == run.STEP_STATE_READY


def test_a_delayed_start_that_falls_due_while_paused_begins_with_the_resume(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue, start_delay=duration(0.3))
    service.pause(run_id)
    flow.expect_nothing("task", 0.8)
    service.resume(run_id)
    assert flow.task(timeout=2).run_id == run_id
    early = service.start("w", queue, start_delay=duration(3600))
    service.pause(early)
    service.resume(early)
    flow.grant(1)
    flow.expect_nothing("task", 0.3)
    assert service.get(early).status == run.RUN_STATUS_PENDING


def test_another_attempt_of_the_run_that_falls_due_while_it_is_paused_begins_with_the_resume(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue, retry_policy=policy(2, 0.2))
    fail(flow, flow.task().token)
    service.pause(run_id)
    flow.grant(1)
    flow.expect_nothing("task", 0.6)
    service.resume(run_id)
    assert flow.task(timeout=2).attempt == 2


def test_a_cancelled_paused_run_stays_paused_until_its_grace_closes_it(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    service = new_coordinator(new_database(), "--cancel-grace", "1s").service()
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("long", "a"))
    activity = flow.task()
    service.pause(run_id)
    flow.grant(1)
    service.cancel(run_id, "enough")
    assert flow.next("cancel", 5).token == activity.token, "what is held is told"
    assert service.get(run_id).status == run.RUN_STATUS_PAUSED
    closed = service.wait(run_id, 10)
    assert closed.status == run.RUN_STATUS_CANCELLED
    flow.expect_nothing("task", 0.1)


def test_a_paused_run_can_be_terminated_and_times_out(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, timer("nap", 3600))
    service.pause(run_id)
    service.terminate(run_id)
    assert service.get(run_id).status == run.RUN_STATUS_TERMINATED
    limited = service.start("w", queue, run_timeout=duration(0.5), start_delay=duration(60))
    service.pause(limited)
    assert service.wait(limited, 10).status == run.RUN_STATUS_TIMED_OUT


def test_a_paused_run_holds_back_the_members_that_its_group_lets_go(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.grant(0, 4)
    flow.suspend(
        flow.task().token, open_group("g", run.GROUP_STRATEGY_COLLECT_ALL, 3, max_concurrency=1),
        member("g", "1"), member("g", "2"), member("g", "3"),
    )  # fmt: skip
    activity = flow.task()
    service.pause(run_id)
    flow.output(activity.token, b"1")
    flow.expect_nothing("task", 0.5)
    service.resume(run_id)
    for _ in range(2):
        activity = flow.task(timeout=2)
        flow.expect_nothing("task", 0.2)
        flow.output(activity.token, b"2")
    flow.grant(1)
    flow.complete(flow.task(timeout=2).token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
