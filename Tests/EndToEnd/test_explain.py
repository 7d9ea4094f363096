"""ExplainRun says for every state why a run does not move, what would move it, and when it wakes."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from harness import (
    RawWorker, Service, common, detail_of, duration, policy, run, schedule, timer, worker, workflow_service,
)  # fmt: skip

TRANSIENT = common.ERROR_KIND_NETWORK_ERROR


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w"], worker_id=f"flow-{queue}")
    flow.open()
    flow.grant(1)
    return flow


def reasons(service: Service, run_id: str) -> str:
    return "\n".join(service.explain(run_id).reasons)


def remedies(service: Service, run_id: str) -> str:
    return "\n".join(service.explain(run_id).remedies)


def test_a_run_whose_type_nobody_serves(service: Service, queue: str) -> None:
    run_id = service.start(f"orphan-{queue}", queue)
    assert f"no live worker serves workflow 'orphan-{queue}' version 1 in queue '{queue}'" in reasons(service, run_id)
    assert "start a worker that registers" in remedies(service, run_id)
    assert service.explain(run_id).run.status == run.RUN_STATUS_PENDING


def test_workers_that_serve_another_version_or_queue_are_named(raw: Any, service: Service, queue: str) -> None:
    other = raw(service, f"other-{queue}", workflows=[f"t-{queue}:2"], worker_id=f"near-{queue}")
    other.open()
    run_id = service.start(f"t-{queue}", queue)
    text = reasons(service, run_id)
    assert f"near-{queue} serves version 2 in queue 'other-{queue}'" in text, text


def test_workers_without_a_free_slot(flow: RawWorker, service: Service, queue: str) -> None:
    service.start("w", queue)
    flow.task()
    run_id = service.start("w", queue)
    text = reasons(service, run_id)
    assert f"the one worker that serves workflow 'w' version 1 in queue '{queue}', flow-{queue}, has no free slot" in text
    assert "more slots" in remedies(service, run_id)


def test_a_run_that_a_worker_holds(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.task()
    text = reasons(service, run_id)
    assert f"its workflow task is held by worker flow-{queue} since 2" in text and "its lease runs until 2" in text, text


def test_a_sleeping_run_says_until_when(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, timer("nap", 3600))
    explanation = service.explain(run_id)
    due = service.step(run_id, "nap").due_at
    assert explanation.reasons == [f"it sleeps until {due.ToMilliseconds() and due.ToJsonString()[:23]}Z by timer 'nap'"]
    assert explanation.next_wake_at == due


def test_a_retrying_step_says_after_what(raw: Any, flow: RawWorker, service: Service, queue: str) -> None:
    hands = raw(service, queue, activities=["a"])
    hands.open()
    hands.grant(0, 1)
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("charge", "a", retry_policy=policy(5, 3600)))
    hands.failure(hands.task().token, TRANSIENT, "no answer", code="E1")
    text = reasons(service, run_id)
    assert "it retries step 'charge': attempt 2 begins at 2" in text, text
    assert "after NETWORK_ERROR [E1]: no answer" in text


def test_an_activity_that_is_ready_unserved_or_held(raw: Any, flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("charge", "a"))
    text = reasons(service, run_id)
    assert "it waits for activity 'charge', which is ready since 2" in text
    assert f"no live worker serves activity 'a' version 1 in queue '{queue}'" in text
    hands = raw(service, queue, activities=["a"], worker_id=f"hands-{queue}")
    hands.open()
    hands.settle_stream()
    assert f"activity 'a' version 1 in queue '{queue}', hands-{queue}, has no free slot" in reasons(service, run_id)
    hands.grant(0, 1)
    activity = hands.task()
    text = reasons(service, run_id)
    assert f"it waits for activity 'charge', attempt 1, held by worker hands-{queue} since 2" in text
    assert "it times out at 2" in text
    hands.report(activity.token, activity=worker.ActivityReport(completes_later=worker.CompletesLater()))
    assert "handed its token away" in reasons(service, run_id)


def test_groups_children_and_signals(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    command = worker.Command
    flow.suspend(
        flow.task().token,
        command(open_group=worker.OpenGroup(key="g", strategy=run.GROUP_STRATEGY_COLLECT_ALL, member_count=2)),
        schedule("g/one", "a", group="g"), schedule("g/two", "a", group="g"),
        command(start_child=worker.StartChild(key="kid", workflow_type=f"kid-{queue}")),
        command(await_signal=worker.AwaitSignal(key="ok", signal_name="approved", timeout=duration(3600))),
    )  # fmt: skip
    text = reasons(service, run_id)
    assert "it waits for group 'g': 0 of 2 members are settled" in text, text
    child = service.step(run_id, "kid").child_run_id
    assert f"it waits for child run {child} of step 'kid'" in text
    assert "it waits for signal 'approved' in step 'ok', until 2" in text
    assert "send it signal 'approved'" in remedies(service, run_id)
    assert f"explain child run {child}" in remedies(service, run_id)


def test_paused_parked_and_cancelled_runs(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    flow.suspend(task.token, schedule("charge", "a"))
    service.pause(run_id, "maintenance")
    explanation = service.explain(run_id)
    assert explanation.reasons[0] == "it is paused: maintenance" and explanation.remedies[0] == "resume it"
    assert "activity 'charge' is held back while the run is paused" in reasons(service, run_id)
    service.cancel(run_id, "enough")
    text = reasons(service, run_id)
    assert "cancellation was asked for (enough): it is closed as CANCELLED by 2" in text, text
    flow.grant(1)
    parked = service.start("w", queue)
    flow.report(flow.task().token, workflow=worker.WorkflowReport(park=worker.Park(reason="'a' became 'b'")))
    assert service.explain(parked).reasons[0] == "it is paused: 'a' became 'b'"


def test_a_delayed_start_and_a_run_timeout(service: Service, queue: str) -> None:
    run_id = service.start("w", queue, start_delay=duration(3600), run_timeout=duration(7200))
    explanation = service.explain(run_id)
    assert explanation.reasons[0].startswith("its start is delayed until 2")
    assert explanation.reasons[-1].startswith("its run timeout closes it at 2")
    assert explanation.next_wake_at.ToSeconds() - time.time() > 3000


def test_another_attempt_of_the_run(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, retry_policy=policy(3, 3600))
    failure = common.Failure(kind=TRANSIENT, message="no answer")
    flow.report(flow.task().token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure)))
    text = reasons(service, run_id)
    assert "attempt 2 of the run begins at 2" in text and "after NETWORK_ERROR: no answer" in text, text


def test_closed_runs(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    failure = common.Failure(kind=common.ERROR_KIND_UNKNOWN, message="no")
    flow.report(flow.task().token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure)))
    explanation = service.explain(run_id)
    assert explanation.reasons[0].startswith("the run is closed as FAILED since 2")
    assert explanation.reasons[0].endswith("its failure: UNKNOWN: no")
    assert "retry it" in explanation.remedies[0]


def test_a_task_given_back_says_why(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.report(flow.task().token, workflow=worker.WorkflowReport(give_back=worker.GiveBack(reason="no such type here")))
    assert "no such type here" in reasons(service, run_id)


def test_runs_that_do_not_exist(service: Service) -> None:
    for run_id, code in (("", "INVALID_ARGUMENT"), ("0190a0b0-0000-7000-8000-000000000000", "NOT_FOUND")):
        with pytest.raises(grpc.RpcError) as error:
            service.workflows.ExplainRun(workflow_service.ExplainRunRequest(run_id=run_id), timeout=10)
        assert error.value.code().name == code and detail_of(error.value) is not None
