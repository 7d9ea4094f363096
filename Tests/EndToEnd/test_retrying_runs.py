"""Retrying runs that did not complete."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from harness import (
    RawWorker, Service, common, details, duration, local_failure, local_result, run, schedule, timer, worker,
    await_signal, open_group,
)  # fmt: skip
from harness.run_control import PERMANENT, fail, fail_group, member, refusal, states


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w", "w:2"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    return flow


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
    task = flow.task(timeout=10)
    started = time.monotonic()
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED and time.monotonic() - started < 9


def test_a_retry_opens_a_failed_group_again_and_keeps_its_completed_members(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = fail_group(flow)
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
