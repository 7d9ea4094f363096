"""Pausing, resuming, retrying and forking runs, wherever they are."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from harness import (
    RawWorker, Service, common, detail_of, details, duration, local_failure, local_result, payload, policy, run,
    schedule, timer, worker,
)  # fmt: skip
from harness.raw import await_signal, open_group

PERMANENT = common.ERROR_KIND_BUSINESS_LOGIC_ERROR


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w", "w:2"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    return flow


def fail(flow: RawWorker, token: bytes, *results: Any, kind: int = PERMANENT, **fields: Any) -> Any:
    failure = common.Failure(kind=kind, message="it failed", **fields)
    report = worker.WorkflowReport(fail=worker.Fail(failure=failure), results=list(results))
    return flow.report(token, workflow=report)


def states(service: Service, run_id: str) -> dict[str, int]:
    return {step.key: step.state for step in service.steps(run_id)}


def refusal(call: Any, *arguments: Any) -> tuple[grpc.StatusCode, Any]:
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments)
    return error.value.code(), detail_of(error.value)


# Pausing


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


# Retrying a closed run


def test_a_failed_run_is_open_again_with_its_completed_steps(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, b'"in"', workflow_id=f"order-{queue}")
    task = flow.task()
    flow.go_on(task.token, local_result("validate", b"1"), commands=[schedule("charge", "a"), timer("nap", 3600)])
    charge = flow.task()
    flow.failure(charge.token, PERMANENT, "no money")
    fail(flow, task.token, local_failure("ship", PERMANENT))
    failed = service.wait(run_id)
    assert failed.status == run.RUN_STATUS_FAILED and failed.attempt == 1
    service.retry(run_id)
    again = service.get(run_id)
    assert again.attempt == 2 and not again.HasField("failure") and not again.HasField("closed_at")
    assert again.sequence > failed.sequence and again.status == run.RUN_STATUS_RUNNING
    assert states(service, run_id) == {"validate": run.STEP_STATE_COMPLETED}
    flow.grant(1, 1)
    task = flow.task(timeout=2)
    assert task.attempt == 2 and task.workflow.input.data == b'"in"' and not task.workflow.delta
    assert [(step.key, step.output.data) for step in task.workflow.steps] == [("validate", b"1")]
    flow.go_on(task.token, local_result("ship", b"2"), commands=[schedule("charge", "a")])
    charge_again = flow.task()
    assert charge_again.attempt == 1 and charge_again.token != charge.token
    flow.output(charge_again.token, b"3")
    flow.complete(task.token, b'"out"')
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED and closed.attempt == 2 and closed.output.data == b'"out"'
    assert closed.sequence > again.sequence
    attempts = [(each.step, each.attempt, each.failure.kind) for each in service.attempts(run_id)]
    assert attempts == [
        ("validate", 1, 0), ("charge", 1, PERMANENT), ("ship", 1, PERMANENT), ("", 1, PERMANENT),
        ("ship", 1, 0), ("charge", 1, 0),
    ]  # fmt: skip
    seen = [change.sequence for change in service.watch(run_id, after=failed.sequence)]
    assert seen == sorted(seen) and seen[0] > failed.sequence


def test_an_old_token_does_not_fit_the_step_that_is_asked_for_anew(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.go_on(task.token, commands=[schedule("charge", "a")])
    stale = flow.task()
    fail(flow, task.token)
    assert flow.next("cancel", 5).token == stale.token
    service.retry(run_id)
    flow.grant(1)
    task = flow.task(timeout=2)
    answer = flow.output(stale.token, b'"stale"')
    assert answer.rejection.reason == worker.REJECTION_REASON_LEASE_LOST, answer
    flow.grant(0, 1)
    flow.go_on(task.token, commands=[schedule("charge", "a")])
    fresh = flow.task(timeout=2)
    answer = flow.output(stale.token, b'"stale"')
    assert answer.rejection.reason == worker.REJECTION_REASON_LEASE_LOST, answer
    assert not flow.output(fresh.token, b'"right"').HasField("rejection")
    assert service.step(run_id, "charge").output.data == b'"right"'


def test_an_old_token_does_not_fit_though_the_attempt_between_did_not_ask_for_the_step(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.go_on(task.token, commands=[schedule("charge", "a")])
    stale = flow.task()
    fail(flow, task.token)
    service.retry(run_id)
    flow.grant(1)
    fail(flow, flow.task(timeout=2).token)
    service.retry(run_id)
    flow.grant(1, 1)
    flow.go_on(flow.task(timeout=2).token, commands=[schedule("charge", "a")])
    fresh = flow.task(timeout=2)
    assert fresh.token != stale.token
    answer = flow.output(stale.token, b'"stale"')
    assert answer.rejection.reason == worker.REJECTION_REASON_LEASE_LOST, answer
    assert not flow.output(fresh.token, b'"right"').HasField("rejection")
    assert service.step(run_id, "charge").output.data == b'"right"'


def test_signals_that_nobody_took_are_there_after_a_retry(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    service.signal(run_id, "go", b'"early"')
    fail(flow, task.token)
    service.retry(run_id)
    flow.grant(2)
    flow.suspend(flow.task(timeout=2).token, await_signal("go", "go"))
    task = flow.task(timeout=2)
    assert [(step.key, step.output.data) for step in task.workflow.steps] == [("go", b'"early"')]


def test_an_old_workflow_token_does_not_fit_the_run_that_is_open_again(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    stale = flow.task()
    service.terminate(run_id)
    service.retry(run_id)
    flow.grant(1)
    fresh = flow.task(timeout=2)
    assert fresh.token != stale.token
    assert flow.complete(stale.token, b'"stale"').rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    flow.complete(fresh.token, b'"right"')
    assert service.wait(run_id).output.data == b'"right"'


@pytest.mark.parametrize("status", ["CANCELLED", "TERMINATED", "TIMED_OUT"])
def test_runs_that_did_not_complete_can_be_retried(flow: RawWorker, service: Service, queue: str, status: str) -> None:
    run_id = service.start("w", queue, run_timeout=duration(0.7 if status == "TIMED_OUT" else 60))
    task = flow.task()
    match status:
        case "CANCELLED":
            service.cancel(run_id)
            fail(flow, task.token, kind=common.ERROR_KIND_CANCELLED)
        case "TERMINATED":
            service.terminate(run_id)
    closed = service.wait(run_id)
    assert run.RunStatus.Name(closed.status) == f"RUN_STATUS_{status}"
    service.retry(run_id)
    again = service.get(run_id)
    assert again.status == run.RUN_STATUS_RUNNING and not again.cancel_requested
    flow.grant(1)
    task = flow.task(timeout=2)
    assert not task.workflow.cancel_requested
    if status == "TIMED_OUT":
        # The run timeout counts anew.
        assert service.wait(run_id).status == run.RUN_STATUS_TIMED_OUT
    else:
        flow.complete(task.token)
        assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_open_and_completed_runs_are_not_retried(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    code, detail = refusal(service.retry, run_id)
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    assert isinstance(detail, details.RunNotClosed) and detail.status == "RUNNING"
    flow.complete(task.token)
    code, detail = refusal(service.retry, run_id)
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    assert isinstance(detail, details.RunNotClosed) and detail.status == "COMPLETED"


def test_a_run_whose_workflow_id_is_taken_is_not_retried(flow: RawWorker, service: Service, queue: str) -> None:
    first = service.start("w", queue, workflow_id=f"order-{queue}")
    fail(flow, flow.task().token)
    second = service.start("w", queue, workflow_id=f"order-{queue}")
    code, detail = refusal(service.retry, first)
    assert code == grpc.StatusCode.ALREADY_EXISTS
    assert isinstance(detail, details.AlreadyStarted) and detail.run_id == second
    assert service.get(first).status == run.RUN_STATUS_FAILED
    service.terminate(second)
    service.retry(first)
    assert service.get(first).status == run.RUN_STATUS_RUNNING


def test_waiting_goes_on_over_a_retry(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    fail(flow, flow.task().token)
    service.retry(run_id)
    flow.grant(1)
    task = flow.task(timeout=2)
    started = time.monotonic()
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED and time.monotonic() - started < 5


# Forking


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


# Groups


def member(group: str, name: str) -> Any:
    return schedule(f"{group}/{name}", "a", group=group, retry_policy=policy(1))


def test_a_retry_opens_a_failed_group_again_and_keeps_its_completed_members(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.grant(0, 1)
    flow.go_on(
        task.token,
        commands=[open_group("g", run.GROUP_STRATEGY_FAIL_FAST, 2), member("g", "good"), member("g", "bad")],
    )
    members = {each.activity.step: each for each in (flow.task(), flow.task())}
    flow.output(members["g/good"].token, b"1")
    flow.failure(members["g/bad"].token, PERMANENT)
    fail(flow, task.token)
    service.retry(run_id)
    assert states(service, run_id) == {"g/good": run.STEP_STATE_COMPLETED}
    flow.grant(1, 2)
    task = flow.task(timeout=2)
    assert [step.key for step in task.workflow.steps] == ["g/good"] and not task.workflow.groups
    flow.suspend(
        task.token, open_group("g", run.GROUP_STRATEGY_FAIL_FAST, 2), member("g", "good"), member("g", "bad")
    )
    again = flow.task(timeout=2)
    assert again.activity.step == "g/bad"
    flow.grant(1)
    flow.output(again.token, b"2")
    task = flow.task(timeout=5)
    assert [group.verdict for group in task.workflow.groups] == [run.GROUP_VERDICT_SUCCEEDED]
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_retry_keeps_a_race_that_was_won_as_it_is(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.grant(0, 1)
    flow.go_on(
        task.token, commands=[open_group("r", run.GROUP_STRATEGY_RACE, 2), member("r", "one"), member("r", "two")]
    )
    winner = flow.task()
    flow.task()
    flow.output(winner.token, b"1")
    fail(flow, task.token)
    before = states(service, run_id)
    assert sorted(before.values()) == [run.STEP_STATE_COMPLETED, run.STEP_STATE_CANCELLED]
    service.retry(run_id)
    assert states(service, run_id) == before
    flow.grant(1)
    task = flow.task(timeout=2)
    assert [(group.key, group.winner) for group in task.workflow.groups] == [("r", winner.activity.step)]


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
    task = flow.task()
    flow.grant(0, 1)
    flow.go_on(
        task.token,
        commands=[open_group("g", run.GROUP_STRATEGY_FAIL_FAST, 2), member("g", "good"), member("g", "bad")],
    )
    members = {each.activity.step: each for each in (flow.task(), flow.task())}
    flow.output(members["g/good"].token, b"1")
    flow.failure(members["g/bad"].token, PERMANENT)
    flow.go_on(task.token, local_result("after", b"2"))
    flow.complete(task.token)
    fork = service.fork(run_id, "after")
    assert states(service, fork) == {"g/good": run.STEP_STATE_COMPLETED} and service.groups(fork) == []
