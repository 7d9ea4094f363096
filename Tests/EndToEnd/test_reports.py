"""Reports: stale tokens are refused and change nothing; a report sent again is answered as recorded."""

from __future__ import annotations

import grpc
import pytest
from harness import (
    Ended, RawWorker, Service, common, detail_of, duration, local_failure, local_result, payload, policy, run, schedule, timer,
    worker, worker_service,
)  # fmt: skip

LOST = worker.REJECTION_REASON_LEASE_LOST


@pytest.fixture
def first(raw, service: Service, queue: str) -> RawWorker:
    first = raw(service, queue, workflows=["w"], activities=["a"], worker_id=f"first-{queue}")
    first.open()
    return first


def test_a_workflow_and_its_activity_run_on_a_raw_session(first: RawWorker, service: Service, queue: str) -> None:
    first.grant(1, 1)
    run_id = service.start("w", queue, b'"in"')
    task = first.task()
    assert task.run_id == run_id and task.workflow.input.data == b'"in"' and not task.workflow.delta
    assert not first.suspend(task.token, schedule("charge", "a", input=payload(b"1"))).HasField("rejection")
    activity = first.task()
    assert activity.activity.step == "charge" and activity.activity.input.data == b"1" and activity.attempt == 1
    first.grant(1)
    first.output(activity.token, b"2")
    again = first.task()
    assert [(step.key, step.state, step.output.data) for step in again.workflow.steps] == [
        ("charge", run.STEP_STATE_COMPLETED, b"2")
    ]
    first.complete(again.token, b'"out"')
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED and closed.output.data == b'"out"'


def test_a_workflow_report_under_a_lapsed_lease_is_refused_and_changes_nothing(raw, service: Service, queue: str) -> None:
    late = raw(service, queue, workflows=["w"], lease=1, worker_id=f"late-{queue}")
    late.open()
    late.grant(1)
    run_id = service.start("w", queue)
    stale = late.task()
    other = raw(service, queue, workflows=["w"], worker_id=f"other-{queue}")
    other.open()
    other.grant(1)
    task = other.task(timeout=10)
    assert task.run_id == run_id and task.token != stale.token
    again = raw(service, queue, workflows=["w"], worker_id=f"again-{queue}")
    again.open()
    answer = again.report(
        stale.token, workflow=worker.WorkflowReport(complete=worker.Complete(output=payload(b'"stale"')))
    )
    assert answer.rejection.reason == LOST
    other.go_on(task.token, local_result("a", b"1"))
    assert [step.key for step in service.steps(run_id)] == ["a"]
    other.complete(task.token, b'"right"')
    assert service.wait(run_id).output.data == b'"right"'


def test_an_activity_report_under_a_lapsed_lease_is_refused_and_names_who_has_it(
    raw, service: Service, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(5)
    late = raw(service, queue, activities=["a"], lease=1, worker_id="late")
    late.open()
    late.grant(0, 1)
    late.settle_stream()
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("charge", "a", retry_policy=policy(5)))
    stale = late.task()
    other = raw(service, queue, activities=["a"], worker_id="other")
    other.open()
    other.grant(0, 1)
    task = other.task(timeout=10)
    assert task.attempt == 2, "losing a worker counts as an attempt"
    # CompleteActivity takes a token from anyone.
    with pytest.raises(grpc.RpcError) as refused:
        service.workers.CompleteActivity(
            worker_service.CompleteActivityRequest(token=stale.token, output=payload(b'"stale"')), timeout=10
        )
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    lost = detail_of(refused.value)
    assert lost.run_id == run_id and lost.step == "charge" and "other" in lost.taken_by
    assert service.step(run_id, "charge").state == run.STEP_STATE_RUNNING
    other.output(task.token, b'"right"')
    assert service.step(run_id, "charge").output.data == b'"right"'
    attempts = service.attempts(run_id, "charge")
    assert [(each.attempt, each.failure.kind) for each in attempts] == [(1, common.ERROR_KIND_WORKER_LOST), (2, 0)]
    assert [each.worker_id for each in attempts] == ["late", "other"]


@pytest.mark.parametrize("outcome", ["continue", "suspend", "complete", "fail"])
def test_a_workflow_report_sent_again_is_answered_as_recorded(
    first: RawWorker, service: Service, queue: str, outcome: str
) -> None:
    first.grant(1, 0)
    run_id = service.start("w", queue)
    task = first.task()
    report = worker.WorkflowReport(
        results=[
            local_result("done", b"1"),
            local_failure("broken", common.ERROR_KIND_VALIDATION_FAILED),
            local_failure("again", common.ERROR_KIND_TIMEOUT, policy=policy(3, 60)),
        ],
        commands=[timer("later", 3600)] if outcome in ("continue", "suspend") else [],
    )
    match outcome:
        case "continue":
            getattr(report, "continue").SetInParent()
        case "suspend":
            report.suspend.SetInParent()
        case "complete":
            report.complete.output.CopyFrom(payload(b'"out"'))
        case "fail":
            report.fail.failure.message = "no"
    answers = [first.report(task.token, workflow=report) for _ in range(3)]
    for answer in answers:
        assert not answer.HasField("rejection"), answer
        assert [each.WhichOneof("decision") for each in answer.decisions] == ["recorded", "failed_for_good", "retry"]
        assert answer.decisions == answers[0].decisions
    steps = service.steps(run_id)
    if outcome in ("continue", "suspend"):
        assert sorted(step.key for step in steps) == ["again", "broken", "done", "later"]
        assert service.step(run_id, "again").attempt == 2
        assert len(service.attempts(run_id, "again")) == 1
    else:
        assert sorted(step.key for step in steps) == ["broken", "done"]
    assert len({step.settled_sequence for step in steps if step.settled_sequence}) == 2


def test_an_activity_output_sent_again_is_answered_as_recorded(first: RawWorker, service: Service, queue: str) -> None:
    first.grant(1, 1)
    run_id = service.start("w", queue)
    first.suspend(first.task().token, schedule("charge", "a"))
    activity = first.task()
    answers = [first.output(activity.token, b"7") for _ in range(3)]
    assert all(not answer.HasField("rejection") and answer.decisions == answers[0].decisions for answer in answers)
    assert service.step(run_id, "charge").output.data == b"7"
    assert len(service.attempts(run_id)) == 1


def test_an_activity_failure_sent_again_gives_the_same_decision(first: RawWorker, service: Service, queue: str) -> None:
    first.grant(1, 1)
    run_id = service.start("w", queue)
    first.suspend(first.task().token, schedule("charge", "a", retry_policy=policy(3, 60)))
    activity = first.task()
    answers = [first.failure(activity.token, common.ERROR_KIND_TIMEOUT) for _ in range(3)]
    for answer in answers:
        assert not answer.HasField("rejection"), answer
        assert answer.decisions[0].retry.next_attempt == 2
    assert len(service.attempts(run_id, "charge")) == 1
    assert service.step(run_id, "charge").attempt == 2


def test_a_final_activity_failure_sent_again_gives_the_same_decision(
    first: RawWorker, service: Service, queue: str
) -> None:
    first.grant(1, 1)
    service.start("w", queue)
    first.suspend(first.task().token, schedule("charge", "a"))
    activity = first.task()
    answers = [first.failure(activity.token, common.ERROR_KIND_INVALID_INPUT) for _ in range(2)]
    for answer in answers:
        assert answer.decisions[0].HasField("failed_for_good"), answer


def test_an_output_after_the_attempt_timed_out_is_refused(first: RawWorker, service: Service, queue: str) -> None:
    first.grant(1, 1)
    run_id = service.start("w", queue)
    command = schedule("slow", "a", retry_policy=policy(1), start_to_close_timeout=duration(0.3))
    first.suspend(first.task().token, command)
    activity = first.task()
    assert first.next("lost").tokens == [activity.token]
    service.wait_step(run_id, "slow", run.STEP_STATE_FAILED)
    answer = first.output(activity.token, b'"late"')
    assert answer.rejection.reason == LOST, answer
    assert service.step(run_id, "slow").failure.kind == common.ERROR_KIND_TIMEOUT
    assert not service.step(run_id, "slow").HasField("output")


def test_a_report_that_names_a_key_twice_is_invalid_and_records_nothing(
    first: RawWorker, service: Service, queue: str
) -> None:
    first.grant(1)
    run_id = service.start("w", queue)
    task = first.task()
    answer = first.go_on(task.token, local_result("same"), local_result("same"))
    assert answer.rejection.reason == worker.REJECTION_REASON_INVALID and "same" in answer.rejection.message
    assert service.steps(run_id) == []
    first.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


@pytest.mark.parametrize("token", [b"", b"garbage", b"\x00" * 48, b"\xff" * 4096])
def test_a_garbage_token_is_refused(first: RawWorker, token: bytes) -> None:
    answer = first.complete(token)
    assert answer.rejection.reason in (worker.REJECTION_REASON_INVALID, LOST)


def test_a_payload_over_the_limit_in_a_report_is_invalid_and_records_nothing(
    first: RawWorker, service: Service, queue: str
) -> None:
    first.grant(1)
    run_id = service.start("w", queue)
    task = first.task()
    answer = first.go_on(task.token, local_result("big", b"x" * ((2 << 20) + 1)))
    assert answer.rejection.reason == worker.REJECTION_REASON_INVALID
    assert service.steps(run_id) == []


def test_several_reports_in_one_message_are_answered_one_by_one(raw, service: Service, queue: str) -> None:
    worker_of_many = raw(service, queue, workflows=["w"], activities=["a"])
    assert worker_of_many.open(takes_batches=True).limits.max_reports >= 100
    worker_of_many.grant(40)
    run_ids = {service.start("w", queue, b"%d" % number) for number in range(40)}
    tasks, messages = [], 0
    while len(tasks) < 40:
        tasks += worker_of_many.batch().tasks
        messages += 1
    assert {task.run_id for task in tasks} == run_ids
    reports = [
        worker_of_many.request(task.token, workflow=worker.WorkflowReport(complete=worker.Complete(output=task.workflow.input)))
        for task in tasks
    ]
    stale = worker_of_many.request(b"nonsense", workflow=reports[0].workflow)
    worker_of_many.send(reports=[*reports[:20], stale, *reports[20:]])
    answers, messages = {}, 0
    while len(answers) < 41:
        batch = worker_of_many.batch()
        answers.update({answer.report_id: answer for answer in batch.answers})
        messages += 1
    assert answers.keys() == {report.report_id for report in [*reports, stale]}
    assert [answer.report_id for answer in answers.values() if answer.HasField("rejection")] == [stale.report_id]
    assert messages < 41  # answers that are ready together come together
    for task in tasks:
        closed = service.wait(task.run_id)
        assert (closed.status, closed.output.data) == (run.RUN_STATUS_COMPLETED, task.workflow.input.data)


def test_a_worker_that_does_not_say_so_gets_no_batches(first: RawWorker, service: Service, queue: str) -> None:
    first.grant(10)
    run_ids = {service.start("w", queue) for _ in range(10)}
    tasks = [first.task() for _ in range(10)]
    assert {task.run_id for task in tasks} == run_ids
    first.send(reports=[
        first.request(task.token, workflow=worker.WorkflowReport(complete=worker.Complete())) for task in tasks
    ])
    assert all(not first.next("answer").HasField("rejection") for _ in tasks)
    assert {service.wait(run_id).status for run_id in run_ids} == {run.RUN_STATUS_COMPLETED}


@pytest.mark.parametrize("fields", ["too many", "beside a message"])
def test_reports_that_break_the_rules_end_the_stream_with_the_field_at_fault(
    first: RawWorker, service: Service, fields: str
) -> None:
    many = first.welcome.limits.max_reports + 1 if fields == "too many" else 1
    beside = {"beat": worker.Beat()} if fields == "beside a message" else {}
    first.send(reports=[first.request(b"token") for _ in range(many)], **beside)
    with pytest.raises(Ended) as ended:
        first.next("answer")
    assert ended.value.error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert detail_of(ended.value.error).field == "reports"
