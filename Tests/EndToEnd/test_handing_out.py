"""Tasks that are not accepted, given back, lost or drained; and how a fleet is kept from crash-looping."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import RawWorker, Service, run, schedule, timer, worker


def give_back(reason: str, evicted: bool = False) -> Any:
    return worker.WorkflowReport(give_back=worker.GiveBack(reason=reason, evicted=evicted))


@pytest.fixture
def flow(raw: Any, service: Service, queue: str) -> RawWorker:
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1, 1)
    return flow


def test_a_task_that_is_not_accepted_goes_to_another_after_five_seconds(
    raw: Any, service: Service, queue: str
) -> None:
    deaf = raw(service, queue, workflows=["w"], activities=["a"])
    deaf.open()
    deaf.grant(1)
    run_id = service.start("w", queue)
    begin = time.monotonic()
    ignored = deaf.task(accept=False)
    other = raw(service, queue, workflows=["w"], activities=["a"])
    other.open()
    other.grant(1)
    task = other.task(timeout=10)
    assert task.run_id == run_id and 4.5 < time.monotonic() - begin < 15
    assert deaf.next("lost", 5).tokens == [ignored.token]
    assert deaf.complete(ignored.token).rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    # The same for an activity, and without an attempt counted.
    other.suspend(task.token, schedule("a", "a"))
    deaf.grant(0, 1)
    ignored = deaf.task(accept=False)
    other.grant(1, 1)
    again = other.task(timeout=10)
    assert again.activity.step == "a" and again.attempt == 1
    other.output(again.token)
    other.complete(other.task().token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_report_accepts_its_task(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task(accept=False)
    flow.go_on(task.token)
    flow.expect_nothing("lost", 5.5)
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_an_unknown_type_is_given_back_shown_and_never_fails_the_run(
    flow: RawWorker, service: Service, queue: str
) -> None:
    run_id = service.start("w", queue)
    flow.report(flow.task().token, workflow=give_back("no such workflow here"))
    waiting = service.get(run_id)
    assert waiting.status == run.RUN_STATUS_RUNNING and "no such workflow here" in waiting.status_reason
    flow.grant(1)
    begin = time.monotonic()
    task = flow.task(timeout=5)
    assert task.run_id == run_id and time.monotonic() - begin > 0.5, "it does not come straight back"
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_an_evicted_run_comes_back_whole_and_at_once(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue, b'"in"')
    flow.suspend(flow.task().token, timer("nap", 0.1), sticky=True)
    flow.grant(1)
    delta = flow.task()
    assert delta.workflow.delta and not delta.workflow.HasField("input")
    assert [step.key for step in delta.workflow.steps] == ["nap"]
    flow.report(delta.token, workflow=give_back("", evicted=True))
    flow.grant(1)
    begin = time.monotonic()
    whole = flow.task()
    assert time.monotonic() - begin < 4
    assert not whole.workflow.delta and whole.workflow.input.data == b'"in"'
    flow.complete(whole.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_given_back_activity_counts_no_attempt(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("a", "a"))
    token = flow.task().token
    flow.report(token, activity=worker.ActivityReport(give_back=worker.GiveBack(reason="not mine")))
    flow.grant(1, 1)
    again = flow.task(timeout=5)
    assert again.attempt == 1
    flow.output(again.token)
    assert [each.attempt for each in service.attempts(run_id)] == [1]


def test_a_parked_run_waits_for_a_person(flow: RawWorker, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    flow.report(flow.task().token, workflow=worker.WorkflowReport(park=worker.Park(reason="step a is now b")))
    parked = service.get(run_id)
    assert parked.status == run.RUN_STATUS_PAUSED and parked.status_reason == "step a is now b"
    service.terminate(run_id)
    assert service.get(run_id).status == run.RUN_STATUS_TERMINATED


def test_a_run_whose_task_kills_workers_is_parked(new_coordinator: Any, new_database: Any, raw: Any, queue: str) -> None:
    coordinator = new_coordinator(new_database(), "--loss-limit", "2")
    service = coordinator.service()
    run_id = service.start("w", queue)
    for _ in range(2):
        victim = raw(service, queue, workflows=["w"], lease=1)
        victim.open()
        victim.keep_beating(0.3)
        victim.grant(1)
        assert victim.task(timeout=10).run_id == run_id
        victim.drop()
    for change in service.watch(run_id, timeout=15):
        if change.run.status == run.RUN_STATUS_PAUSED:
            break
    parked = service.get(run_id)
    assert parked.status == run.RUN_STATUS_PAUSED and "2 times in a row" in parked.status_reason


def test_goodbye_hands_tasks_on_at_once_without_penalty(flow: RawWorker, raw: Any, service: Service, queue: str) -> None:
    leaver = raw(service, f"{queue}-b", workflows=["w"], activities=["b"])
    leaver.open()
    leaver.grant(1, 1)
    leaver.settle_stream()
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("b", "b", task_queue=f"{queue}-b"))
    assert leaver.task().attempt == 1
    heir = raw(service, f"{queue}-b", activities=["b"])
    heir.open()
    heir.grant(0, 1)
    heir.settle_stream()
    begin = time.monotonic()
    leaver.close()
    task = heir.task(timeout=5)
    assert task.attempt == 1 and time.monotonic() - begin < 4
    heir.output(task.token)
    assert [each.attempt for each in service.attempts(run_id)] == [1]


def test_a_worker_that_is_told_to_stop_finishes_what_runs_and_takes_nothing_new(
    new_worker: Any, service: Service, tmp_path: Path, queue: str
) -> None:
    gate, journal = tmp_path / "gate", tmp_path / "journal"
    options = ["--address", service.address, "--queue", queue, "--journal", str(journal)]
    first = new_worker("simple.py", *options)
    first.wait_line("welcome")
    run_id = service.start("holder", queue, f'"{gate}"'.encode())
    first.wait_line("^hold 1$")
    first.process.terminate()
    # It drains: a run that starts now is not its own.
    second = new_worker("simple.py", *options)
    second.wait_line("welcome")
    later = service.start("sleeper", queue, b"0")
    assert service.wait(later).status == run.RUN_STATUS_COMPLETED
    second.wait_line(f"woke {later}")
    assert first.is_running
    gate.touch()
    first.wait_line("ended")
    assert first.wait() == 0
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED and closed.output.data == b"1"
    assert "hold 2" not in journal.read_text()
    assert [each.attempt for each in service.attempts(run_id)] == [1]


def test_a_killed_workers_run_is_replayed_by_another_without_running_recorded_steps_again(
    new_worker: Any, raw: Any, service: Service, tmp_path: Path, queue: str
) -> None:
    journal = tmp_path / "journal"
    side = raw(service, f"{queue}-side", activities=["echo"])
    side.open()
    options = ["--address", service.address, "--queue", queue, "--lease", "1", "--journal", str(journal)]
    first = new_worker("simple.py", *options)
    first.wait_line("welcome")
    run_id = service.start("bulky", queue, b"20")
    service.wait_step(run_id, "echo", run.STEP_STATE_READY)
    total = sum(len(step.output.data) for step in service.steps(run_id))
    assert total > 2 << 20, "more than fits in one task: the rest is fetched"
    first.kill()
    second = new_worker("simple.py", *options)
    second.wait_line("welcome")
    side.grant(0, 1)
    side.output(side.task().token, b'"after-bulk"')
    closed = service.wait(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED, closed
    assert closed.output.data == str(20 * (128 << 10)).encode()
    assert journal.read_text().splitlines() == [f"bulk {index}" for index in range(20)]


def test_two_sessions_of_one_worker_id_do_not_mix(flow: RawWorker, raw: Any, service: Service, queue: str) -> None:
    run_id = service.start("w", queue)
    task = flow.task()
    twin = raw(service, queue, workflows=["w"], worker_id=flow.worker_id)
    twin.open()
    answer = twin.complete(task.token)
    assert answer.rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    assert not flow.complete(task.token).HasField("rejection")
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_second_stream_of_a_session_takes_over_from_the_first(raw: Any, service: Service, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    task = flow.task()
    old_stream = flow.stream
    assert flow.open(held=[task.token]).resumed
    assert old_stream.code() == grpc.StatusCode.ABORTED
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
