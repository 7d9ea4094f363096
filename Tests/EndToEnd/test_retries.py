"""Retries in full: of steps and of whole runs, decided by the coordinator, durable."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import (
    Postgres, RawWorker, Service, common, detail_of, details, duration, local_failure, local_result, payload, policy, run,
    schedule, timer, worker, worker_service,
)  # fmt: skip

NETWORK = common.ERROR_KIND_NETWORK_ERROR
BUSINESS = common.ERROR_KIND_BUSINESS_LOGIC_ERROR
ON_RETRYABLE, ON_ANY, NEVER, ON_KIND = range(1, 5)


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    return flow


def attempt(flow: RawWorker, service: Service, queue: str, retry_policy: Any, **failure: Any) -> Any:
    """Schedules an activity and fails its first attempt; what was decided."""
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("a", "a", retry_policy=retry_policy))
    answer = flow.report(
        flow.task().token, activity=worker.ActivityReport(failure=common.Failure(message="no", **failure))
    )
    service.terminate(run_id)
    flow.grant(1, 1)
    return answer.decisions[0]


def fail_run(flow: RawWorker, token: bytes, *results: Any, kind: int = NETWORK, **fields: Any) -> Any:
    failure = common.Failure(kind=kind, message="it failed", **fields)
    return flow.report(token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure), results=list(results)))


# Policies and predicates


@pytest.mark.parametrize(
    ("predicate", "retried"),
    [
        (0, {1, 2, 3, 4, 5, 6}),
        (ON_RETRYABLE, {1, 2, 3, 4, 5, 6}),
        (ON_ANY, set(range(1, 14)) - {common.ERROR_KIND_CANCELLED}),
        (NEVER, set()),
        (ON_KIND, {NETWORK, BUSINESS}),
    ],
)
def test_checklist_9_each_predicate_retries_its_kinds_of_errors(
    flow: RawWorker, service: Service, queue: str, predicate: int, retried: set[int]
) -> None:
    chosen = policy(3, 60, predicate)
    if predicate == ON_KIND:
        chosen.kinds.extend([NETWORK, BUSINESS])
    run_id = service.start("w", queue)
    results = [local_failure(f"kind-{kind}", kind, policy=chosen) for kind in range(1, 14)]
    answer = flow.go_on(flow.task().token, *results)
    got = {int(each.key[5:]) for each in answer.decisions if each.HasField("retry")}
    assert got == retried
    service.terminate(run_id)


def test_checklist_8_the_default_policy_is_exponential_and_the_delays_are_those_of_the_guide(
    flow: RawWorker, service: Service, queue: str
) -> None:
    decision = attempt(flow, service, queue, None, kind=NETWORK)
    assert decision.retry.next_attempt == 2 and 0.75 <= decision.retry.delay.ToMilliseconds() / 1e3 <= 1.25
    run_id = service.start("w", queue)
    task = flow.task()
    exact = common.RetryPolicy(jitter=0, predicate=ON_ANY)
    delays = []
    for number in range(1, 6):
        answer = flow.go_on(task.token, local_failure("s", NETWORK, attempt=number, policy=exact))
        decision = answer.decisions[0]
        delays.append(decision.retry.delay.ToMilliseconds() / 1e3 if decision.HasField("retry") else None)
    assert delays == [1, 2, 4, 8, None]
    service.terminate(run_id)


def test_checklist_8_no_retry_is_one_attempt_and_zero_attempts_is_refused(
    flow: RawWorker, service: Service, queue: str
) -> None:
    assert attempt(flow, service, queue, common.RetryPolicy(max_attempts=1), kind=NETWORK).HasField("failed_for_good")
    service.start("w", queue)
    answer = flow.suspend(flow.task().token, schedule("a", "a", retry_policy=common.RetryPolicy(max_attempts=0)))
    assert "max_attempts" in answer.rejection.message and answer.rejection.reason == worker.REJECTION_REASON_INVALID
    with pytest.raises(grpc.RpcError) as error:
        service.start("w", queue, retry_policy=common.RetryPolicy(max_attempts=0))
    assert detail_of(error.value).field == "retry_policy.max_attempts"


def test_checklist_10_a_failure_may_override_its_kind_and_its_code_may_forbid_a_retry(
    flow: RawWorker, service: Service, queue: str
) -> None:
    strict = policy(3, 60, ON_RETRYABLE)
    strict.non_retryable_codes.append("CARD_STOLEN")
    assert attempt(flow, service, queue, strict, kind=BUSINESS).HasField("failed_for_good")
    assert attempt(flow, service, queue, strict, kind=BUSINESS, retryable=True).HasField("retry")
    assert attempt(flow, service, queue, strict, kind=NETWORK, retryable=False).HasField("failed_for_good")
    forbidden = attempt(flow, service, queue, strict, kind=NETWORK, retryable=True, code="CARD_STOLEN")
    assert "CARD_STOLEN" in forbidden.failed_for_good.reason


def test_checklist_7_a_failure_names_its_own_next_delay(flow: RawWorker, service: Service, queue: str) -> None:
    decision = attempt(flow, service, queue, policy(3, 60), kind=NETWORK, retry_after=duration(7))
    assert decision.retry.delay.ToMilliseconds() == 7_000


# Time budgets


def test_the_budget_of_a_local_step_counts_from_its_first_attempt(
    flow: RawWorker, service: Service, queue: str
) -> None:
    service.start("w", queue)
    task = flow.task()
    budget = policy(10, 0.4)
    budget.max_elapsed.CopyFrom(duration(3))

    def fail(number: int) -> Any:
        result = local_failure("s", NETWORK, attempt=number, policy=budget)
        result.duration.CopyFrom(duration(0.01))
        return flow.go_on(task.token, result).decisions[0]

    assert fail(1).retry.in_place
    time.sleep(0.5)
    assert fail(2).HasField("retry"), "0.5 s and a delay of 0.4 s are within the budget, and so are two seconds more"
    time.sleep(2.2)
    assert "budget" in fail(3).failed_for_good.reason


def test_the_budget_of_an_activity_counts_from_when_its_first_attempt_began(
    raw: Any, service: Service, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    budget = policy(20, 0.5)
    budget.max_elapsed.CopyFrom(duration(2))
    flow.suspend(flow.task().token, schedule("a", "a", retry_policy=budget))
    time.sleep(2.2)  # waiting for a worker uses nothing up
    hands = raw(service, queue, activities=["a"])
    hands.open()
    hands.grant(0, 10)
    decisions = []
    while not decisions or decisions[-1].HasField("retry"):
        decisions.append(hands.failure(hands.task().token, NETWORK).decisions[0])
    # Every half second one, as far as the machine lets them.
    assert 2 <= len(decisions) <= 5 and "budget" in decisions[-1].failed_for_good.reason
    assert service.step(run_id, "a").state == run.STEP_STATE_FAILED


# In place, suspended, and across deaths


def test_checklist_11_a_short_delay_is_waited_for_in_place_and_a_long_one_suspends(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    assert flow.go_on(task.token, local_failure("short", NETWORK, policy=policy(3, 2))).decisions[0].retry.in_place
    assert not flow.go_on(task.token, local_failure("long", NETWORK, policy=policy(3, 60))).decisions[0].retry.in_place
    # Either way count and due time are stored before the delay begins.
    for key in ("short", "long"):
        step = service.step(run_id, key)
        assert step.state == run.STEP_STATE_RETRYING and step.attempt == 2 and step.HasField("due_at")


def test_checklist_11_retries_survive_the_death_of_worker_and_coordinator(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    coordinator = new_coordinator(new_database())
    service = coordinator.service()
    flow = raw(service, queue, workflows=["w"], activities=["a"], lease=1)
    flow.open()
    flow.grant(1, 1)
    run_id = service.start("w", queue)
    task = flow.task()
    flow.go_on(
        task.token, local_failure("local", NETWORK, policy=policy(3, 1)),
        commands=[schedule("remote", "a", retry_policy=policy(3, 1))],
    )  # fmt: skip
    flow.failure(flow.task().token, NETWORK)
    flow.drop()
    coordinator.kill()
    coordinator.start()
    service = coordinator.service()
    heir = raw(service, queue, workflows=["w"], activities=["a"])
    heir.open()
    heir.grant(1, 1)
    tasks = {}
    while len(tasks) < 2:
        task = heir.task(timeout=20)
        tasks["remote" if task.HasField("activity") else "run"] = task
    assert tasks["remote"].attempt == 2
    records = {step.key: step for step in tasks["run"].workflow.steps}
    assert records["local"].attempt == 2 and records["local"].state == run.STEP_STATE_RETRYING
    heir.go_on(tasks["run"].token, local_result("local", attempt=2))
    heir.output(tasks["remote"].token)
    heir.complete(tasks["run"].token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
    attempts = {(each.step, each.attempt): each for each in service.attempts(run_id)}
    assert set(attempts) == {("local", 1), ("local", 2), ("remote", 1), ("remote", 2)}
    for (step, number), each in attempts.items():
        assert each.worker_id == (flow if number == 1 else heir).worker_id, (step, number)
        assert each.failure.kind == (NETWORK if number == 1 else 0)
        assert each.started_at.ToNanoseconds() <= each.ended_at.ToNanoseconds()


def test_checklist_11_a_policy_costs_a_step_that_succeeds_no_statement_more(
    tmp_path: Path, new_coordinator: Any, raw: Any, queue: str
) -> None:
    cluster = Postgres(tmp_path / "postgres", {"shared_preload_libraries": "pg_stat_statements"})
    cluster.start()
    try:
        database = cluster.make_database()
        cluster.query(database, "CREATE EXTENSION pg_stat_statements")
        service = new_coordinator(database).service()
        flow = raw(service, queue, workflows=["w"], activities=["a"])
        flow.open()

        def statements(retry_policy: Any) -> dict[str, int]:
            """The statements of ten workflows of a local step and an activity, without maintenance."""
            cluster.query(database, "SELECT pg_stat_statements_reset()")
            for _ in range(10):
                flow.grant(1, 1)
                run_id = service.start("w", queue)
                task = flow.task()
                result = local_result("local")
                if retry_policy is not None:
                    result.retry_policy.CopyFrom(retry_policy)
                flow.suspend(task.token, schedule("remote", "a", retry_policy=retry_policy), results=[result])
                activity = flow.task()
                flow.grant(1)
                flow.output(activity.token)
                flow.complete(flow.task().token)
                service.wait(run_id)
            rows = cluster.query(
                database,
                "SELECT substr(md5(query), 1, 8), calls FROM pg_stat_statements"
                " WHERE query ~* '(INSERT INTO|UPDATE|DELETE FROM) kagzi.(runs|open_runs|steps|step_attempts|groups)'"
                # How often slots are offered to what waits depends on when they are granted.
                " AND query !~* 'SKIP LOCKED'",
            )
            return {name: int(calls) for name, calls in rows}

        statements(None)
        without, with_policy = statements(None), statements(policy(5, 1))
        assert sum(without.values()) >= 40 and with_policy == without
        assert cluster.query(database, "SELECT count(*) FROM kagzi.step_attempts") == [["0"]]
    finally:
        cluster.stop()


# Timeouts and lost workers


def test_each_lost_worker_counts_against_the_policy(raw: Any, service: Service, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("a", "a", retry_policy=policy(2)))
    for number in (1, 2):
        dying = raw(service, queue, activities=["a"], lease=1)
        dying.open()
        dying.keep_beating(0.3)
        dying.grant(0, 1)
        assert dying.task(timeout=10).attempt == number
        dying.drop()
    step = service.wait_step(run_id, "a", run.STEP_STATE_FAILED)
    assert step.failure.kind == common.ERROR_KIND_WORKER_LOST
    assert [each.attempt for each in service.attempts(run_id, "a")] == [1, 2]


def test_schedule_to_start_counts_anew_when_a_task_is_given_back(raw: Any, service: Service, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    run_id = service.start("w", queue)
    limit = duration(1)
    flow.suspend(flow.task().token, schedule("a", "a", schedule_to_start_timeout=limit, retry_policy=policy(1)))
    activity = flow.task()
    report = worker.ActivityReport(give_back=worker.GiveBack(reason="not now"))
    flow.report(activity.token, activity=report)
    step = service.wait_step(run_id, "a", run.STEP_STATE_FAILED)
    assert step.failure.kind == common.ERROR_KIND_TIMEOUT and "no worker took" in step.failure.message
    # A second until it is ready again, and from then on the whole limit.
    assert step.settled_at.ToNanoseconds() - step.scheduled_at.ToNanoseconds() >= 2_000_000_000 - 1_000


def test_schedule_to_close_is_not_retried(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(
        flow.task().token,
        schedule("a", "a", schedule_to_close_timeout=duration(0.7), retry_policy=policy(100, 0.1)),
    )
    for _ in range(2):
        flow.failure(flow.task().token, NETWORK)
        flow.grant(0, 1)
    flow.task()
    step = service.wait_step(run_id, "a", run.STEP_STATE_FAILED)
    assert step.failure.kind == common.ERROR_KIND_TIMEOUT and step.attempt == 3


@pytest.mark.parametrize("scheduled", ["before the pause", "after it"])
def test_schedule_to_close_passes_while_the_run_is_paused(
    flow: RawWorker, service: Service, queue: str, scheduled: str
) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    late = schedule("a", "unserved", schedule_to_close_timeout=duration(0.4), retry_policy=policy(3))
    if scheduled == "before the pause":
        flow.go_on(task.token, commands=[late])
        service.pause(run_id)
        flow.suspend(task.token)
    else:
        service.pause(run_id)
        flow.suspend(task.token, late)
    step = service.wait_step(run_id, "a", run.STEP_STATE_FAILED)
    assert step.failure.kind == common.ERROR_KIND_TIMEOUT
    service.resume(run_id)
    flow.grant(1)
    assert flow.task(timeout=2).workflow.steps[0].state == run.STEP_STATE_FAILED


def test_a_workflow_task_lost_to_dead_workers_too_often_parks_the_run_and_resume_forgives(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    service = new_coordinator(new_database(), "--loss-limit", "2").service()
    run_id = service.start("w", queue)

    def hold(*reported: Any) -> RawWorker:
        dying = raw(service, queue, workflows=["w"], lease=1)
        dying.open()
        dying.keep_beating(0.3)
        dying.grant(1)
        token = dying.task(timeout=10).token
        if reported:
            dying.go_on(token, commands=reported)
        return dying

    hold(schedule("unserved", "b")).drop()
    second = hold()
    # One loss holds nothing back.
    assert service.step(run_id, "unserved").state == run.STEP_STATE_READY
    second.drop()
    deadline = time.monotonic() + 10
    while service.get(run_id).status != run.RUN_STATUS_PAUSED:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "lost to dead workers 2 times in a row" in service.explain(run_id).reasons[0]
    assert service.step(run_id, "unserved").state == run.STEP_STATE_WAITING
    service.resume(run_id)
    assert service.step(run_id, "unserved").state == run.STEP_STATE_READY
    hold().drop()
    # A report in between: the next loss is the first of a row.
    hold(schedule("another", "b")).drop()
    heir = raw(service, queue, workflows=["w"])
    heir.open()
    heir.grant(1)
    heir.complete(heir.task(timeout=10).token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


# Completion by token


def handed_away(flow: RawWorker, service: Service, queue: str, **fields: Any) -> tuple[str, bytes]:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("sign", "a", **fields))
    token = flow.task().token
    flow.report(token, activity=worker.ActivityReport(completes_later=worker.CompletesLater()))
    return run_id, token


def complete(service: Service, token: bytes, **outcome: Any) -> None:
    request = worker_service.CompleteActivityRequest(token=token, **outcome)
    service.workers.CompleteActivity(request, timeout=10)


def test_a_failure_by_token_follows_the_policy(flow: RawWorker, service: Service, queue: str) -> None:
    run_id, token = handed_away(flow, service, queue, retry_policy=policy(2))
    failure = common.Failure(kind=NETWORK, message="the printer is out of paper")
    complete(service, token, failure=failure)
    complete(service, token, failure=failure)
    flow.grant(0, 1)
    again = flow.task()
    assert again.attempt == 2
    with pytest.raises(grpc.RpcError) as error:
        complete(service, token, output=payload(b"1"))
    lost = detail_of(error.value)
    assert isinstance(lost, details.LeaseLost) and lost.step == "sign"
    flow.report(again.token, activity=worker.ActivityReport(completes_later=worker.CompletesLater()))
    complete(service, again.token, failure=failure)
    step = service.step(run_id, "sign")
    assert step.state == run.STEP_STATE_FAILED and step.failure == failure


def test_no_heartbeat_is_expected_of_an_activity_that_handed_its_token_away(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id, token = handed_away(flow, service, queue, heartbeat_timeout=duration(0.5), retry_policy=policy(1))
    time.sleep(1.5)
    assert service.step(run_id, "sign").state == run.STEP_STATE_RUNNING
    complete(service, token, output=payload(b"1"))
    assert service.step(run_id, "sign").state == run.STEP_STATE_COMPLETED


def test_an_activity_that_handed_its_token_away_still_times_out(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id, token = handed_away(flow, service, queue, start_to_close_timeout=duration(0.5), retry_policy=policy(1))
    step = service.wait_step(run_id, "sign", run.STEP_STATE_FAILED)
    assert step.failure.kind == common.ERROR_KIND_TIMEOUT
    with pytest.raises(grpc.RpcError) as error:
        complete(service, token, output=payload(b"1"))
    assert isinstance(detail_of(error.value), details.LeaseLost)


def test_tokens_that_nobody_made_are_refused(flow: RawWorker, service: Service, queue: str) -> None:
    service.start("w", queue)
    for token in (b"", b"nonsense", flow.task().token):
        with pytest.raises(grpc.RpcError) as error:
            complete(service, token, output=payload(b"1"))
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT and detail_of(error.value).field == "token"


# Whole runs


def test_a_run_with_a_policy_is_tried_again_with_its_completed_steps(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue, b'"in"', retry_policy=policy(3, 1))
    task = flow.task()
    flow.go_on(task.token, local_result("charge", b"1"), commands=[schedule("long", "a"), timer("nap", 3600)])
    activity = flow.task()
    begin = time.monotonic()
    assert not fail_run(flow, task.token, local_failure("ship", BUSINESS)).HasField("rejection")
    assert flow.next("cancel", 5).token == activity.token
    waiting = service.get(run_id)
    assert waiting.status == run.RUN_STATUS_SLEEPING and waiting.attempt == 2 and waiting.HasField("next_wake_at")
    assert "attempt 1 failed: it failed" in waiting.status_reason
    assert flow.output(activity.token).rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    flow.grant(1)
    task = flow.task(timeout=5)
    assert time.monotonic() - begin > 0.9
    assert task.attempt == 2 and not task.workflow.delta and task.workflow.input.data == b'"in"'
    assert [(step.key, step.output.data) for step in task.workflow.steps] == [("charge", b"1")]
    fail_run(flow, task.token)
    flow.grant(1)
    task = flow.task(timeout=5)
    assert task.attempt == 3
    fail_run(flow, task.token)
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_FAILED and closed.attempt == 3 and closed.failure.message == "it failed"
    of_run = [each for each in service.attempts(run_id) if each.step == ""]
    assert [each.attempt for each in of_run] == [1, 2]
    assert all(each.worker_id == flow.worker_id and each.failure.kind == NETWORK for each in of_run)
    assert of_run[0].retry_delay.ToMilliseconds() == 1_000
    ship = [each for each in service.attempts(run_id, "ship")]
    assert [(each.attempt, each.failure.kind) for each in ship] == [(1, BUSINESS)]


def test_a_run_level_failure_reported_twice_counts_once(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, retry_policy=policy(5, 60))
    task = flow.task()
    for _ in range(3):
        assert not fail_run(flow, task.token).HasField("rejection")
    assert service.get(run_id).attempt == 2


@pytest.mark.parametrize("case", ["predicate", "code", "attempts", "budget", "no policy"])
def test_what_the_policy_of_a_run_does_not_retry_closes_it(
    flow: RawWorker, service: Service, queue: str, case: str
) -> None:
    chosen = policy(3, 0.01, ON_RETRYABLE)
    chosen.non_retryable_codes.append("NEVER")
    failure: dict[str, Any] = {"kind": NETWORK}
    match case:
        case "predicate":
            failure = {"kind": BUSINESS}
        case "code":
            failure["code"] = "NEVER"
        case "attempts":
            chosen.max_attempts = 1
        case "budget":
            chosen.initial_interval.CopyFrom(duration(5))
            chosen.max_elapsed.CopyFrom(duration(1))
    fields = {} if case == "no policy" else {"retry_policy": chosen}
    run_id = service.start("w", queue, **fields)
    fail_run(flow, flow.task().token, **failure)
    assert service.wait(run_id).status == run.RUN_STATUS_FAILED


def test_a_failure_of_a_run_names_its_own_next_delay(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, retry_policy=policy(3, 3600))
    fail_run(flow, flow.task().token, retry_after=duration(0.2))
    flow.grant(1)
    assert flow.task(timeout=5).attempt == 2
    assert service.get(run_id).attempt == 2


def test_cancellation_is_never_retried(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, retry_policy=policy(3))
    task = flow.task()
    service.cancel(run_id)
    fail_run(flow, task.token, kind=common.ERROR_KIND_CANCELLED)
    assert service.wait(run_id).status == run.RUN_STATUS_CANCELLED
    flow.grant(1)
    run_id = service.start("w", queue, retry_policy=policy(3))
    task = flow.task()
    service.cancel(run_id)
    fail_run(flow, task.token, kind=NETWORK)
    assert service.wait(run_id).status == run.RUN_STATUS_FAILED


def test_a_sleeping_run_is_cancelled_between_two_attempts(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, retry_policy=policy(3, 3600))
    fail_run(flow, flow.task().token)
    flow.grant(1)
    flow.settle_stream()
    service.cancel(run_id, "enough")
    task = flow.task(timeout=5)
    assert task.workflow.cancel_requested
    fail_run(flow, task.token, kind=common.ERROR_KIND_CANCELLED)
    assert service.wait(run_id).status == run.RUN_STATUS_CANCELLED


def test_the_run_timeout_holds_for_all_attempts(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, retry_policy=policy(3, 3600), run_timeout=duration(1))
    fail_run(flow, flow.task().token)
    assert service.wait(run_id).status == run.RUN_STATUS_TIMED_OUT


def test_attempts_of_the_run_that_fall_due_while_the_coordinator_is_down_begin_once_on_return(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    coordinator = new_coordinator(new_database())
    service = coordinator.service()
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(20)
    runs = [service.start("w", queue, retry_policy=policy(3, 1)) for _ in range(20)]
    for _ in runs:
        fail_run(flow, flow.task().token)
    coordinator.kill()
    time.sleep(1.2)
    coordinator.start()
    service = coordinator.service()
    heir = raw(service, queue, workflows=["w"])
    heir.open()
    heir.grant(60)
    tasks = [heir.task(timeout=15) for _ in runs]
    assert sorted(task.run_id for task in tasks) == sorted(runs) and {task.attempt for task in tasks} == {2}
    heir.expect_nothing("task", 1)
    for task in tasks:
        heir.complete(task.token)
    assert all(service.wait(run_id).attempt == 2 for run_id in runs)


def test_a_step_that_failed_in_an_earlier_attempt_of_the_run_has_all_its_attempts_again(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue, retry_policy=policy(2))
    for _ in range(2):
        task = flow.task(timeout=5)
        for number in (1, 2):
            flow.go_on(task.token, local_failure("s", NETWORK, attempt=number, policy=policy(2)))
        flow.grant(1)
        fail_run(flow, task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_FAILED
    attempts = [each.attempt for each in service.attempts(run_id, "s")]
    assert attempts == [1, 2, 1, 2]


# Bad input


def test_text_with_a_nul_is_refused_and_the_field_is_named(service: Service, queue: str) -> None:
    for fields, field in (({"workflow_id": "a\0b"}, "workflow_id"), ({"tags": {"a": "\0"}}, "value")):
        with pytest.raises(grpc.RpcError) as error:
            service.start("w", queue, **fields)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        detail = detail_of(error.value)
        assert isinstance(detail, details.InvalidField) and detail.field == field and "NUL" in detail.reason
