"""Coordinators on one database share the work, and take over from each other."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import Coordinator, Ended, detail_of, details, payload, policy, run, schedule, worker, workflow_service


@pytest.fixture
def pair(new_coordinator: Any, new_database: Any) -> tuple[Coordinator, Coordinator]:
    database = new_database()
    return new_coordinator(database), new_coordinator(database)


def test_a_start_on_one_reaches_the_idle_worker_on_the_other(pair: Any, raw: Any, queue: str) -> None:
    (a, b) = pair
    flow = raw(a.service(), queue, workflows=["w"], activities=["x"])
    flow.open()
    flow.grant(20, 5)
    flow.settle_stream()
    service = b.service()
    service.start("w", queue)  # the first also opens the connection
    flow.complete(flow.task().token)
    times = []
    for _ in range(10):
        begin = time.monotonic()
        run_id = service.start("w", queue)
        task = flow.task(timeout=10)
        times.append(time.monotonic() - begin)
        assert task.run_id == run_id
        flow.complete(task.token)
    assert sorted(times)[2] < 0.2, times


def test_a_wait_on_one_is_woken_by_a_close_on_the_other(pair: Any, raw: Any, queue: str) -> None:
    (a, b) = pair
    flow = raw(a.service(), queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    service = b.service()
    run_id = service.start("w", queue)
    task = flow.task()
    closed: list[Any] = []
    waiting = threading.Thread(target=lambda: closed.append((service.wait(run_id, 20), time.monotonic())))
    waiting.start()
    watch = service.watch(run_id)
    next(watch)
    begin = time.monotonic()
    flow.complete(task.token, b"1")
    waiting.join(25)
    assert closed[0][0].status == run.RUN_STATUS_COMPLETED
    assert closed[0][1] - begin < 4
    assert [change.run.status for change in watch][-1] == run.RUN_STATUS_COMPLETED


def test_a_cancel_on_one_reaches_the_activity_on_the_other(pair: Any, raw: Any, queue: str) -> None:
    (a, b) = pair
    flow = raw(a.service(), queue, workflows=["w"], activities=["x"])
    flow.open()
    flow.grant(1, 1)
    run_id = b.service().start("w", queue)
    flow.suspend(flow.task().token, schedule("long", "x"))
    activity = flow.task()
    begin = time.monotonic()
    b.service().cancel(run_id, "enough")
    cancel = flow.next("cancel", 5)
    assert cancel.token == activity.token and cancel.reason == "enough"
    assert time.monotonic() - begin < 4


def test_workers_of_a_killed_coordinator_go_on_at_the_other_with_their_tasks(
    pair: Any, new_worker: Any, tmp_path: Path, queue: str
) -> None:
    (a, b) = pair
    journal, gate = tmp_path / "journal", tmp_path / "gate"
    addresses = f"{a.address},{b.address}"
    process = new_worker(
        "simple.py", "--address", addresses, "--queue", queue, "--lease", "8", "--journal", str(journal)
    )
    process.wait_line("welcome resumed=False")
    service = b.service()
    runs = [service.start("holder", queue, f'"{gate}"'.encode()) for _ in range(3)]
    for run_id in runs:
        service.wait_step(run_id, "hold", run.STEP_STATE_RUNNING)
    for index in range(3):
        process.wait_line("^hold 1$")
    victim, other = (a, b) if _is_served_by(process, a) else (b, a)
    victim.kill()
    process.wait_line("welcome resumed=True", 20)
    gate.touch()
    service = other.service()
    for run_id in runs:
        closed = service.wait(run_id)
        assert closed.status == run.RUN_STATUS_COMPLETED and closed.output.data == b"1"
        assert service.step(run_id, "hold").attempt == 1
    assert journal.read_text().count("hold 1") == 3 and "hold 2" not in journal.read_text()


def _is_served_by(process: Any, coordinator: Coordinator) -> bool:
    """Whether the worker is connected to it, by the sockets of its process."""
    return int(coordinator.address.rpartition(":")[2]) in _remote_ports(process.pid)


def _remote_ports(pid: int) -> list[int]:
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    ports = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] == "01":
                ports.append(int(fields[2].rpartition(":")[2], 16))
    return ports


def test_a_session_that_moved_keeps_its_tasks_though_its_first_coordinator_lives(
    pair: Any, raw: Any, queue: str
) -> None:
    (a, b) = pair
    flow = raw(a.service(), queue, workflows=["w"], activities=["x"], lease=30)
    flow.open()
    flow.grant(1, 1)
    run_id = a.service().start("w", queue)
    flow.suspend(flow.task().token, schedule("long", "x", retry_policy=policy(3)))
    activity = flow.task(accept=False)
    flow.drop()
    welcome = flow.open(held=[activity.token], service=b.service())
    assert welcome.resumed
    flow.grant(1, 1)
    # The first one would give it back after 5 s without an acceptance, and its slow scan after that.
    flow.expect_nothing("task", 6.5)
    assert b.service().step(run_id, "long").state == run.STEP_STATE_RUNNING
    answer = flow.output(activity.token, b"5")
    assert not answer.HasField("rejection"), answer
    task = flow.task()
    assert task.workflow.steps[0].output.data == b"5"
    flow.complete(task.token)
    assert a.service().wait(run_id, 15).status == run.RUN_STATUS_COMPLETED


def test_tasks_that_the_worker_does_not_hold_any_more_are_given_back_when_it_reconnects(
    shared: Coordinator, service: Any, raw: Any, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"], activities=["x"])
    flow.open()
    flow.grant(1, 1)
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("long", "x"))
    activity = flow.task()
    flow.drop()
    flow.open(held=[])
    flow.grant(1, 1)
    again = flow.task(timeout=5)
    assert again.activity.step == "long" and again.token != activity.token
    assert again.attempt == 1, "no penalty: the worker did not lose it"
    flow.output(again.token)
    flow.complete(flow.task().token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_report_whose_answer_was_lost_with_its_coordinator_is_answered_by_the_other(
    pair: Any, raw: Any, queue: str
) -> None:
    (a, b) = pair
    flow = raw(a.service(), queue, workflows=["w"], activities=["x"])
    flow.open()
    flow.grant(1, 1)
    run_id = b.service().start("w", queue)
    flow.suspend(flow.task().token, schedule("pay", "x"))
    activity = flow.task()
    flow.send(report=flow.request(activity.token, activity=worker.ActivityReport(output=payload(b"9"))))
    b.service().wait_step(run_id, "pay", run.STEP_STATE_COMPLETED)
    a.kill()
    with pytest.raises(Ended):
        flow.next("welcome")
    flow.drop()
    assert flow.open(held=[activity.token], service=b.service()).resumed
    answer = flow.output(activity.token, b"9")
    assert answer.decisions[0].HasField("recorded"), answer
    flow.grant(1)
    task = flow.task()
    assert task.workflow.steps[0].output.data == b"9"
    flow.complete(task.token)
    assert b.service().wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_lapsed_session_is_lost_and_says_so(pair: Any, raw: Any, queue: str) -> None:
    (a, b) = pair
    flow = raw(a.service(), queue, workflows=["w"], lease=1)
    flow.open()
    flow.drop()
    other = raw(b.service(), queue, workflows=["w"])
    other.open()
    other.grant(1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            flow.open()
        except Ended as ended:
            assert ended.error and ended.error.code() == grpc.StatusCode.FAILED_PRECONDITION
            detail = detail_of(ended.error)
            assert isinstance(detail, details.SessionLost) and detail.session_id == flow.session_id
            return
        flow.drop()
        # It was resumed in time: leave it alone for longer than its lease.
        threading.Event().wait(2)
    raise AssertionError("the session never lapsed")


def test_a_coordinator_that_stops_sends_its_workers_on_and_finishes_its_calls(
    pair: Any, new_worker: Any, tmp_path: Path, queue: str
) -> None:
    (a, b) = pair
    gate = tmp_path / "gate"
    process = new_worker(
        "simple.py", "--address", f"{a.address},{b.address}", "--queue", queue, "--journal", str(tmp_path / "journal")
    )
    process.wait_line("welcome resumed=False")
    victim, other = (a, b) if _is_served_by(process, a) else (b, a)
    service = victim.service()
    run_id = service.start("holder", queue, f'"{gate}"'.encode())
    process.wait_line("^hold 1$")
    answers: list[Any] = []

    def wait() -> None:
        try:
            answers.append(service.workflows.WaitRun(workflow_service.WaitRunRequest(run_id=run_id), timeout=30))
        except grpc.RpcError as error:
            answers.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    next(service.watch(run_id))
    begin = time.monotonic()
    assert victim.terminate() == 0
    assert time.monotonic() - begin < 25
    waiting.join(10)
    assert not isinstance(answers[0], grpc.RpcError) or answers[0].code() == grpc.StatusCode.UNAVAILABLE
    process.wait_line("welcome resumed=True", 10)
    gate.touch()
    closed = other.service().wait(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED and closed.output.data == b"1"


def test_a_type_that_is_registered_on_one_is_known_to_the_other(pair: Any, raw: Any, queue: str) -> None:
    (a, b) = pair
    flow = raw(a.service(), queue, workflows=["fresh:3"])
    flow.open()
    started = b.service().start_response("fresh", queue, workflow_version=3)
    assert started.workflow_version == 3
