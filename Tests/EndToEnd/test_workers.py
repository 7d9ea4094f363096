"""Workers as operators see them: statuses, events, what they hold, and draining them."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import Ended, RawWorker, Service, admin, detail_of, details, duration, run, schedule, worker, worker_service

CALL = 15.0
RUNNING = admin.WORKER_STATUS_RUNNING
SHUTTING_DOWN = admin.WORKER_STATUS_SHUTTING_DOWN
STOPPED = admin.WORKER_STATUS_STOPPED
CRASHED = admin.WORKER_STATUS_CRASHED


def get(service: Service, worker_id: str) -> Any:
    return service.admin.GetWorker(admin.GetWorkerRequest(worker_id=worker_id), timeout=CALL).worker


def events(service: Service, worker_id: str = "", page_size: int = 1_000) -> list[Any]:
    """All events, newest first."""
    found, token = [], ""
    while True:
        request = admin.ListWorkerEventsRequest(worker_id=worker_id, page_size=page_size, page_token=token)
        response = service.admin.ListWorkerEvents(request, timeout=CALL)
        found.extend(response.events)
        token = response.next_page_token
        if not token:
            return found


def kinds(service: Service, worker_id: str) -> list[str]:
    """The kinds of a worker's events, oldest first, heartbeats and tasks left out."""
    every = [event.kind for event in reversed(events(service, worker_id))]
    return [kind for kind in every if kind != "HEARTBEAT" and not kind.startswith("TASK_")]


def drain(service: Service, worker_id: str, **fields: Any) -> None:
    service.admin.DrainWorker(admin.DrainWorkerRequest(worker_id=worker_id, **fields), timeout=CALL)


def eventually(look: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 20) -> Any:
    """Looks until it is as wanted: a worker's status has no event to wait for."""
    deadline = time.monotonic() + seconds
    while not wanted(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def worker_of(service: Service, pid: int) -> Any:
    """The worker of a process."""
    listed = service.admin.ListWorkers(admin.ListWorkersRequest(page_size=1_000), timeout=CALL).workers
    return next(each for each in listed if each.pid == pid)


# Registration


def test_checklist_18_what_a_worker_registers_is_what_operators_see(service: Service, queue: str) -> None:
    worker_id = f"w-{uuid.uuid4()}"
    request = worker_service.RegisterWorkerRequest(
        worker_id=worker_id, task_queues=[queue, f"{queue}-b"], workflow_slots=7, activity_slots=9, hostname="box", pid=42,
        sdk_name="raw", sdk_version="9.8", labels={"zone": "a"}, lease_duration=duration(30), heartbeat_interval=duration(2.5),
    )  # fmt: skip
    # Types of this test only: the first version that is registered becomes the default for everybody.
    request.workflows.add(type=f"w-{queue}", version=3)
    request.activities.add(type=f"a-{queue}")
    registered = service.workers.RegisterWorker(request, timeout=CALL)
    assert registered.heartbeat_interval == duration(2.5)
    seen = get(service, worker_id)
    assert seen.status == RUNNING and seen.session_id == registered.session_id
    assert list(seen.task_queues) == [queue, f"{queue}-b"]
    assert [(each.type, each.version) for each in seen.workflows] == [(f"w-{queue}", 3)]
    assert [(each.type, each.version) for each in seen.activities] == [(f"a-{queue}", 1)]
    assert (seen.workflow_slots, seen.activity_slots) == (7, 9)
    assert (seen.hostname, seen.pid, seen.sdk_name, seen.sdk_version) == ("box", 42, "raw", "9.8")
    assert seen.labels == {"zone": "a"} and seen.heartbeat_interval == duration(2.5)
    assert seen.lease_expires_at.ToNanoseconds() - seen.last_beat_at.ToNanoseconds() == 30_000_000_000
    assert not seen.HasField("ended_at") and seen.status_reason == ""
    [started] = [event for event in events(service, worker_id) if event.kind == "STARTED"]
    assert "raw 9.8" in started.message and "box" in started.message


def test_checklist_18_defaults_are_ten_slots_a_kind_and_a_third_of_the_lease(service: Service, queue: str) -> None:
    worker_id = f"w-{uuid.uuid4()}"
    service.workers.RegisterWorker(worker_service.RegisterWorkerRequest(worker_id=worker_id), timeout=CALL)
    seen = get(service, worker_id)
    assert (seen.workflow_slots, seen.activity_slots, list(seen.task_queues)) == (10, 10, ["default"])
    assert seen.heartbeat_interval == duration(10)


@pytest.mark.parametrize("adopts", [False, True], ids=["a new session", "a resumed session"])
def test_checklist_18_welcome_names_the_agreed_heartbeat_interval(
    new_coordinator: Any, new_database: Any, queue: str, adopts: bool
) -> None:
    coordinator = new_coordinator(new_database())
    service = coordinator.service()
    request = worker_service.RegisterWorkerRequest(
        worker_id="w", task_queues=[queue], lease_duration=duration(30), heartbeat_interval=duration(2)
    )
    made = RawWorker(service, queue, worker_id="other")
    made.worker_id, made.session_id = "w", service.workers.RegisterWorker(request, timeout=CALL).session_id
    if adopts:
        coordinator.kill()
        coordinator.start()
    welcome = made.open()
    assert welcome.resumed == adopts
    assert welcome.heartbeat_interval == duration(2) and welcome.lease_duration == duration(30)
    made.close()


# Statuses, events, active counts


def test_checklist_19_a_worker_that_leaves_goes_from_running_over_shutting_down_to_stopped(
    service: Service, raw: Any, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    assert get(service, flow.worker_id).status == RUNNING
    flow.send(beat=worker.Beat(draining=True))
    flow.next("beat")
    seen = eventually(lambda: get(service, flow.worker_id), lambda seen: seen.status == SHUTTING_DOWN)
    assert seen.status_reason and not seen.HasField("ended_at")
    flow.send(goodbye=worker.Goodbye(reason="SIGTERM"))
    with pytest.raises(Ended):
        flow.next("welcome")
    seen = get(service, flow.worker_id)
    assert seen.status == STOPPED and seen.status_reason == "SIGTERM" and seen.HasField("ended_at")
    assert not seen.HasField("lease_expires_at")
    assert kinds(service, flow.worker_id) == ["STARTED", "SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"]


def test_checklist_19_a_goodbye_right_after_the_draining_beat_leaves_both_events_in_order(
    service: Service, raw: Any, queue: str
) -> None:
    for _ in range(20):
        flow = raw(service, queue, workflows=["w"])
        flow.open()
        flow.send(beat=worker.Beat(draining=True))
        flow.send(goodbye=worker.Goodbye(reason="done"))
        with pytest.raises(Ended):
            flow.next("welcome")
        assert kinds(service, flow.worker_id) == ["STARTED", "SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"]
        assert get(service, flow.worker_id).status == STOPPED


def test_checklist_19_deregistering_without_a_drain_counts_as_asked_and_done(service: Service, queue: str) -> None:
    made = RawWorker(service, queue, workflows=["w"])
    request = worker_service.DeregisterWorkerRequest(session_id=made.session_id, reason="bye")
    for _ in range(2):  # the second changes nothing
        service.workers.DeregisterWorker(request, timeout=CALL)
    assert kinds(service, made.worker_id) == ["STARTED", "SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"]


def test_checklist_19_a_killed_worker_is_crashed_within_its_lease_and_its_task_goes_on(
    service: Service, raw: Any, new_worker: Any, tmp_path: Path, queue: str
) -> None:
    journal, gate = tmp_path / "journal", tmp_path / "gate"
    arguments = ["--address", service.address, "--queue", queue, "--lease", "3", "--journal", str(journal)]
    process = new_worker("simple.py", *arguments)
    process.wait_line("welcome resumed=False")
    run_id = service.start("holder", queue, f'"{gate}"'.encode())
    process.wait_line("^hold 1$")
    crashing = worker_of(service, process.pid)
    assert crashing.status == RUNNING and crashing.active_activities == 1
    heir = raw(service, queue, workflows=["holder"], activities=["hold"])
    heir.open()
    heir.grant(1, 1)
    killed = time.monotonic()
    process.kill()
    eventually(lambda: get(service, crashing.worker_id), lambda seen: seen.status == CRASHED, 20)
    assert time.monotonic() - killed < 3 + 7, "its lease, and no slow scan"
    seen = get(service, crashing.worker_id)
    assert "lease of 3000 ms lapsed" in seen.status_reason and seen.HasField("ended_at")
    assert (seen.active_workflows, seen.active_activities) == (0, 0)
    assert kinds(service, crashing.worker_id)[-1] == "CRASHED"
    # WORKER_LOST counts as an attempt; its policy hands it out again.
    task = heir.task()
    while task.WhichOneof("task") != "activity":
        heir.suspend(task.token)
        task = heir.task()
    assert task.run_id == run_id and task.attempt == 2


def test_checklist_19_tasks_started_completed_and_failed_are_told_without_being_written_down(
    shared: Any, postgres: Any, service: Service, raw: Any, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"], activities=["x"])
    flow.open()
    flow.grant(1, 1)
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, schedule("good", "x"))
    flow.grant(1, 1)
    flow.output(flow.task().token)
    task = flow.task()
    flow.suspend(task.token, schedule("bad", "x"))
    flow.grant(1, 1)
    flow.failure(flow.task().token, 8)  # NOT_FOUND: not retried
    flow.task()
    told = [(event.kind, event.message) for event in reversed(events(service, flow.worker_id))]
    told = [(kind, message) for kind, message in told if kind.startswith("TASK_")]
    about = f"of run {run_id}, attempt 1"
    assert told == [
        ("TASK_STARTED", f"step good {about}"), ("TASK_COMPLETED", f"step good {about}"),
        ("TASK_STARTED", f"step bad {about}"), ("TASK_FAILED", f"step bad {about}"),
    ]  # fmt: skip
    rows = postgres.query(
        shared.database, f"SELECT count(*) FROM kagzi.worker_events WHERE worker_id = '{flow.worker_id}'"
    )
    assert rows == [["1"]]
    paged = events(service, flow.worker_id, page_size=2)
    assert [event.kind for event in paged if event.kind != "HEARTBEAT"] == [
        "TASK_FAILED", "TASK_STARTED", "TASK_COMPLETED", "TASK_STARTED", "STARTED",
    ]  # fmt: skip
    assert sum(event.kind == "HEARTBEAT" for event in paged) <= 2  # the latest one; it may have moved between two pages


def test_checklist_20_active_workers_and_what_they_hold_are_right_from_any_coordinator(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    (a, b) = new_coordinator(database), new_coordinator(database)
    flow = raw(a.service(), queue, workflows=["w"], activities=["x"])
    gone = raw(a.service(), queue, workflows=["w"])
    flow.open()
    gone.open()
    gone.close()
    flow.grant(3, 1)
    service = b.service()
    for _ in range(3):
        a.service().start("w", queue)
    tasks = [flow.task() for _ in range(3)]
    flow.suspend(tasks[0].token, schedule("s", "x"))
    flow.task()
    for asked in (service, a.service()):
        seen = get(asked, flow.worker_id)
        assert (seen.active_workflows, seen.active_activities) == (2, 1)
        request = admin.ListWorkersRequest(statuses=[RUNNING, SHUTTING_DOWN])
        assert [each.worker_id for each in asked.admin.ListWorkers(request, timeout=CALL).workers] == [flow.worker_id]
        everyone = asked.admin.ListWorkers(admin.ListWorkersRequest(), timeout=CALL).workers
        assert {each.worker_id: each.status for each in everyone} == {flow.worker_id: RUNNING, gone.worker_id: STOPPED}


def test_checklist_20_workers_are_listed_page_by_page_without_skipping(new_coordinator: Any, new_database: Any) -> None:
    service = new_coordinator(new_database()).service()
    names = sorted(f"w {number}.{number}" for number in range(7))
    for name in names:
        service.workers.RegisterWorker(worker_service.RegisterWorkerRequest(worker_id=name), timeout=CALL)
    listed, token = [], ""
    while True:
        page = service.admin.ListWorkers(admin.ListWorkersRequest(page_size=3, page_token=token), timeout=CALL)
        listed += [each.worker_id for each in page.workers]
        token = page.next_page_token
        if not token:
            break
    assert listed == names
    every = events(service, page_size=2)
    assert sorted(event.worker_id for event in every if event.kind == "STARTED") == names
    assert sum(event.kind == "HEARTBEAT" for event in every) == 7


def test_checklist_20_a_worker_that_is_not_there_is_said_to_be(service: Service) -> None:
    with pytest.raises(grpc.RpcError) as missing:
        get(service, "nobody")
    assert missing.value.code() == grpc.StatusCode.NOT_FOUND
    assert detail_of(missing.value) == details.ResourceNotFound(kind="worker", name="nobody")
    for call, request in [
        (service.admin.GetWorker, admin.GetWorkerRequest()),
        (service.admin.ListWorkers, admin.ListWorkersRequest(page_size=1_001)),
        (service.admin.ListWorkers, admin.ListWorkersRequest(page_token="made up")),
        (service.admin.ListWorkerEvents, admin.ListWorkerEventsRequest(page_token="made up")),
    ]:
        with pytest.raises(grpc.RpcError) as bad:
            call(request, timeout=CALL)
        assert bad.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert isinstance(detail_of(bad.value), details.InvalidField)


# Draining


def test_checklist_19_a_drained_worker_gets_no_new_task_keeps_its_lease_and_finishes_its_long_one(
    service: Service, raw: Any, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"], lease=2)
    flow.open()
    flow.keep_beating(0.4)
    flow.grant(2)
    held = service.start("w", queue)
    task = flow.task()
    drain(service, flow.worker_id, timeout=duration(45), reason="rolling update")
    order = flow.next("drain")
    assert (order.reason, order.reconnect, order.timeout) == ("rolling update", False, duration(45))
    seen = get(service, flow.worker_id)
    assert seen.status == SHUTTING_DOWN and seen.status_reason == "rolling update" and seen.active_workflows == 1
    later = service.start("w", queue)
    flow.expect_nothing("task", 3)  # longer than its lease, which its beats renew
    assert service.get(held).status == run.RUN_STATUS_RUNNING
    flow.complete(task.token, b"1")
    assert service.wait(held).output.data == b"1"
    flow.close()
    assert get(service, flow.worker_id).status == STOPPED
    assert service.get(later).status == run.RUN_STATUS_PENDING
    assert kinds(service, flow.worker_id) == ["STARTED", "SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"]


def test_checklist_19_what_a_draining_worker_gives_back_is_handed_on_at_once(
    service: Service, raw: Any, queue: str
) -> None:
    leaving = raw(service, queue, workflows=["w"], activities=["x"])
    leaving.open()
    leaving.grant(2, 1)
    run_id = service.start("w", queue)
    leaving.suspend(leaving.task().token, schedule("s", "x"))
    activity = leaving.task()
    other = service.start("w", queue)
    flow = leaving.task()
    heir = raw(service, queue, workflows=["w"], activities=["x"])
    heir.open()
    heir.grant(1, 1)
    heir.settle_stream()
    leaving.send(beat=worker.Beat(draining=True))
    begin = time.monotonic()
    leaving.report(activity.token, activity=worker.ActivityReport(give_back=worker.GiveBack(reason="stopping")))
    leaving.report(flow.token, workflow=worker.WorkflowReport(give_back=worker.GiveBack(reason="stopping")))
    taken = {heir.task(timeout=5).run_id, heir.task(timeout=5).run_id}
    assert taken == {run_id, other}
    assert time.monotonic() - begin < 4


def test_checklist_19_a_drain_reaches_the_worker_on_the_other_coordinator(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    (a, b) = new_coordinator(database), new_coordinator(database)
    flow = raw(a.service(), queue, workflows=["w"])
    flow.open()
    begin = time.monotonic()
    drain(b.service(), flow.worker_id, reason="from afar")
    assert flow.next("drain", 5).reason == "from afar"
    assert time.monotonic() - begin < 4


def test_checklist_19_a_drain_outlives_the_coordinator_and_the_connection(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    coordinator = new_coordinator(new_database())
    service = coordinator.service()
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    drain(service, flow.worker_id, reason="told once", timeout=duration(7))
    flow.next("drain")
    flow.drop()
    flow.open()  # the same coordinator
    assert flow.next("drain").reason == "told once"
    coordinator.kill()
    flow.drop()
    coordinator.start()
    flow.open(service=coordinator.service())
    order = flow.next("drain")
    assert (order.reason, order.timeout) == ("told once", duration(7))
    flow.grant(1)
    service = coordinator.service()
    run_id = service.start("w", queue)
    flow.settle_stream()
    flow.expect_nothing("task", 0.5)
    assert get(service, flow.worker_id).status == SHUTTING_DOWN
    # Registered anew it is another session: nobody asked that one to drain.
    again = raw(service, queue, workflows=["w"], worker_id=flow.worker_id)
    again.open()
    again.grant(1)
    assert again.task().run_id == run_id
    assert get(service, flow.worker_id).status == RUNNING


def test_checklist_19_a_lost_announcement_of_a_drain_is_made_good(
    new_coordinator: Any, new_database: Any, postgres: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    flow = raw(new_coordinator(database).service(), queue, workflows=["w"])
    flow.open()
    # As a coordinator leaves it that dies between its commit and its announcement.
    postgres.query(database, f"UPDATE kagzi.workers SET status = 2, status_reason = 'lost' WHERE worker_id = '{flow.worker_id}'")
    assert flow.next("drain", 15).reason == "lost"


def test_checklist_19_a_second_drain_replaces_the_timeout_and_is_one_event(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    drain(service, flow.worker_id, timeout=duration(300))
    flow.next("drain")
    drain(service, flow.worker_id, timeout=duration(0), reason="now")
    order = flow.next("drain")
    assert (order.timeout, order.reason) == (duration(0), "now")
    assert kinds(service, flow.worker_id) == ["STARTED", "SHUTDOWN_REQUESTED"]


def test_checklist_19_what_cannot_be_drained_is_said_to_be(service: Service, raw: Any, queue: str) -> None:
    with pytest.raises(grpc.RpcError) as missing:
        drain(service, "nobody")
    assert missing.value.code() == grpc.StatusCode.NOT_FOUND
    assert detail_of(missing.value) == details.ResourceNotFound(kind="worker", name="nobody")
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.close()
    with pytest.raises(grpc.RpcError) as ended:
        drain(service, flow.worker_id)
    assert ended.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert detail_of(ended.value).session_id == flow.session_id and "STOPPED" in ended.value.details()
    with pytest.raises(grpc.RpcError) as negative:
        drain(service, flow.worker_id, timeout=duration(-1))
    assert negative.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert detail_of(negative.value).field == "timeout"


def test_checklist_19_a_worker_of_the_unary_calls_is_told_with_its_heartbeat(service: Service, queue: str) -> None:
    made = RawWorker(service, queue, workflows=["w"])
    drain(service, made.worker_id, reason="unary, too")

    told = threading.Event()

    def beats() -> Any:
        yield worker_service.HeartbeatRequest(session_id=made.session_id, beat=worker.Beat())
        told.wait(CALL)

    for answer in service.workers.Heartbeat(beats(), timeout=CALL):
        if answer.WhichOneof("message") == "drain":
            assert answer.drain.reason == "unary, too"
            told.set()
    assert told.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_checklist_19_a_signalled_worker_of_the_sdk_drains_in_the_open_and_stops(
    service: Service, new_worker: Any, tmp_path: Path, queue: str, number: signal.Signals
) -> None:
    journal, gate = tmp_path / "journal", tmp_path / "gate"
    arguments = ["--address", service.address, "--queue", queue, "--lease", "3", "--journal", str(journal)]
    process = new_worker("simple.py", *arguments)
    process.wait_line("welcome resumed=False")
    run_id = service.start("holder", queue, f'"{gate}"'.encode())
    process.wait_line("^hold 1$")
    worker_id = worker_of(service, process.pid).worker_id
    process.process.send_signal(number)
    eventually(lambda: get(service, worker_id), lambda seen: seen.status == SHUTTING_DOWN)
    first = get(service, worker_id).last_beat_at.ToNanoseconds()
    eventually(lambda: get(service, worker_id).last_beat_at.ToNanoseconds(), lambda beat: beat > first + 3_500_000_000)
    gate.touch()
    process.wait(20)
    assert get(service, worker_id).status == STOPPED
    assert service.step(run_id, "hold").output.data == b"1"
    assert kinds(service, worker_id) == ["STARTED", "SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"]
