"""Lists, pages, filters and watches, while runs start and move."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from harness import (
    RawWorker, Service, common, local_failure, local_result, payload, policy, run, schedule, timer, worker,
    workflow_service,
)  # fmt: skip


def pages(service: Service, page_size: int = 7, **filters: Any) -> list[list[Any]]:
    found, token = [], ""
    while True:
        request = workflow_service.ListRunsRequest(
            page_size=page_size, page_token=token, filter=run.RunFilter(**filters)
        )
        response = service.workflows.ListRuns(request, timeout=10)
        found.append(list(response.runs))
        token = response.next_page_token
        if not token:
            return found


def ids(service: Service, **filters: Any) -> set[str]:
    return {each.run_id for page in pages(service, 500, **filters) for each in page}


def test_pages_hold_every_run_once_newest_first_while_new_ones_start(service: Service, queue: str) -> None:
    started = [service.start("w", queue, workflow_id=f"{queue}-{number}") for number in range(40)]
    stop = threading.Event()
    more: list[str] = []

    def go_on_starting() -> None:
        with_own_channel = Service(service.address)
        while not stop.is_set():
            more.append(with_own_channel.start("w", queue))
        with_own_channel.close()

    starting = threading.Thread(target=go_on_starting)
    starting.start()
    try:
        found = pages(service, 7, task_queue=queue)
    finally:
        stop.set()
        starting.join(10)
    listed = [each.run_id for page in found for each in page]
    assert len(listed) == len(set(listed))
    assert listed == sorted(listed, reverse=True), "newest first"
    assert [each for each in listed if each in set(started)] == list(reversed(started))
    assert all(len(page) == 7 for page in found[:-1])


def test_filters_choose(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=[f"{queue}:2", "w"])
    flow.open()
    flow.grant(1)
    done = service.start("w", queue, workflow_id=f"{queue}-a", tags={"team": "red", "size": "1"})
    flow.complete(flow.task().token)
    flow.grant(1)
    failed = service.start("w", queue, workflow_id=f"{queue}-b", tags={"team": "red"})
    report = worker.WorkflowReport(fail=worker.Fail(failure=common.Failure(message="no", code="E7")))
    flow.report(flow.task().token, workflow=report)
    waiting = service.start(queue, queue, workflow_id=f"{queue}-c%_", tags={"team": "blue's \"own\""}, workflow_version=2)
    other = service.start("w", f"{queue}-other", workflow_id=f"other-{queue}")
    assert ids(service, task_queue=queue) == {done, failed, waiting}
    assert ids(service, task_queue=queue, statuses=[run.RUN_STATUS_COMPLETED]) == {done}
    closed = [run.RUN_STATUS_COMPLETED, run.RUN_STATUS_FAILED]
    assert ids(service, task_queue=queue, statuses=closed) == {done, failed}
    assert ids(service, task_queue=queue, statuses=[run.RUN_STATUS_PENDING, run.RUN_STATUS_FAILED]) == {failed, waiting}
    assert ids(service, workflow_type=queue) == {waiting}
    assert ids(service, workflow_type=queue, workflow_version=1) == set()
    assert ids(service, workflow_type=queue, workflow_version=2) == {waiting}
    assert ids(service, workflow_id=f"{queue}-a") == {done}
    assert ids(service, workflow_id_prefix=queue) == {done, failed, waiting}
    assert ids(service, workflow_id_prefix=f"{queue}-c%") == {waiting}
    assert ids(service, workflow_id_prefix=f"{queue}_") == set(), "a prefix is no pattern"
    assert ids(service, task_queue=queue, tags={"team": "red"}) == {done, failed}
    assert ids(service, task_queue=queue, tags={"team": "red", "size": "1"}) == {done}
    assert ids(service, task_queue=queue, tags={"team": "blue's \"own\""}) == {waiting}
    assert ids(service, task_queue=f"{queue}-other") == {other}
    (page,) = pages(service, 500, task_queue=queue, statuses=[run.RUN_STATUS_FAILED])
    assert page[0].failure.code == "E7" and not page[0].HasField("input")


def test_a_run_is_found_by_its_workflow_id_the_open_one_first(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    closed = service.start("w", queue, workflow_id=queue)
    flow.complete(flow.task().token)
    by_id = workflow_service.GetRunRequest(workflow_id=queue)
    assert service.workflows.GetRun(by_id, timeout=5).run.run_id == closed
    opened = service.start("w", queue, workflow_id=queue)
    assert service.workflows.GetRun(by_id, timeout=5).run.run_id == opened
    flow.grant(1)
    flow.complete(flow.task().token)
    assert service.workflows.GetRun(by_id, timeout=5).run.run_id == opened, "the newest closed one"


@pytest.fixture
def busy(raw: Any, service: Service, queue: str) -> tuple[RawWorker, str, bytes]:
    """A run with 30 local steps, retries, activities and a timer, suspended."""
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(1, 0)
    run_id = service.start("w", queue)
    token = flow.task().token
    for number in range(0, 30, 3):
        flow.go_on(token, *(local_result(f"local-{number + index}", b"1") for index in range(3)))
    for attempt in (1, 2):
        flow.go_on(token, local_failure("wobbly", common.ERROR_KIND_TIMEOUT, attempt, policy(3, 0.01)))
    flow.go_on(token, local_result("wobbly", b"1", 3))
    commands = [*(schedule(f"activity-{number}", "a", retry_policy=policy(3)) for number in range(5)), timer("nap", 3600)]
    flow.suspend(token, *commands)
    return flow, run_id, token


def test_steps_and_attempts_come_in_pages_in_order(service: Service, busy: Any) -> None:
    _, run_id, _ = busy
    whole = service.steps(run_id)
    assert len(whole) == 37
    assert [step.scheduled_sequence for step in whole] == sorted(step.scheduled_sequence for step in whole)
    for size in (1, 3, 36, 37, 38):
        assert [step.key for step in service.steps(run_id, size)] == [step.key for step in whole]
    attempts = service.attempts(run_id)
    assert [each.attempt for each in attempts if each.step == "wobbly"] == [1, 2, 3]
    assert [each.HasField("failure") for each in attempts if each.step == "wobbly"] == [True, True, False]
    for size in (1, 4, 1_000):
        assert [(each.step, each.attempt) for each in service.attempts(run_id, "", size)] == [
            (each.step, each.attempt) for each in attempts
        ]
    assert [each.attempt for each in service.attempts(run_id, "wobbly")] == [1, 2, 3]


def fold(changes: Any) -> list[tuple[int, str, str]]:
    result = []
    for change in changes:
        kind = change.WhichOneof("change")
        value = getattr(change, kind)
        name = {"run": lambda: run.RunStatus.Name(value.status), "attempt_failed": lambda: f"{value.step}/{value.attempt}"}
        result.append((change.sequence, kind, name.get(kind, lambda: value.key)()))
    return result


def test_a_watch_tells_every_change_in_order_and_resumes_anywhere(service: Service, busy: Any) -> None:
    flow, run_id, _ = busy
    live: list[Any] = []
    watching = threading.Thread(target=lambda: live.extend(service.watch(run_id)))
    watching.start()
    flow.grant(1, 5)
    for number in range(5):
        task = flow.task()
        if number == 0:
            unlucky = task.activity.step
            flow.failure(task.token, common.ERROR_KIND_TIMEOUT)
            flow.grant(0, 1)
            continue
        flow.output(task.token, str(number).encode())
    while True:
        task = flow.task()
        if task.HasField("activity"):
            flow.output(task.token)
            continue
        settled = [step for step in service.steps(run_id) if step.kind == run.STEP_KIND_ACTIVITY and step.settled_sequence]
        if len(settled) == 5:
            break
        flow.suspend(task.token)
        flow.grant(1)
    flow.complete(task.token, b'"out"')
    watching.join(15)
    assert not watching.is_alive()
    story = fold(live)
    assert [sequence for sequence, _, _ in story] == sorted(sequence for sequence, _, _ in story)
    assert live[-1].run.status == run.RUN_STATUS_COMPLETED and live[-1].run.output.data == b'"out"'
    settled = [name for _, kind, name in story if kind == "step_settled"]
    assert sorted(settled) == sorted(step.key for step in service.steps(run_id))
    failed = sorted(name for _, kind, name in story if kind == "attempt_failed")
    assert failed == [f"{unlucky}/1", "wobbly/1", "wobbly/2"]
    # Afterwards the same is told again, from any point.
    again = fold(service.watch(run_id))
    stable = [entry for entry in story if entry[1] != "run"]
    assert [entry for entry in again if entry[1] != "run"] == stable
    for after in (1, 5, 20, story[-2][0]):
        resumed = [entry for entry in fold(service.watch(run_id, after)) if entry[1] != "run"]
        assert resumed == [entry for entry in stable if entry[0] > after]


def test_a_slow_reader_of_a_watch_gets_everything(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    token = flow.task().token
    for number in range(12):
        flow.go_on(token, local_result(f"big-{number}", b"x" * (1 << 20)))
    flow.complete(token)
    changes = [change for change in service.watch(run_id, timeout=60)]
    assert [change.step_settled.key for change in changes[:-1] if change.HasField("step_settled")] == [
        f"big-{number}" for number in range(12)
    ]
    assert changes[-1].run.status == run.RUN_STATUS_COMPLETED


def test_the_status_follows_the_run(service: Service, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"], activities=["a"])
    flow.open()
    run_id = service.start("w", queue)
    assert service.get(run_id).status == run.RUN_STATUS_PENDING
    flow.grant(1)
    task = flow.task()
    held = service.get(run_id)
    assert held.status == run.RUN_STATUS_RUNNING and held.session_id == flow.session_id
    flow.suspend(task.token, schedule("pay", "a", input=payload()))
    waiting = service.get(run_id)
    assert waiting.status == run.RUN_STATUS_WAITING and waiting.session_id == ""
    flow.grant(1, 1)
    flow.output(flow.task().token)
    flow.suspend(flow.task().token, timer("nap", 3600))
    asleep = service.get(run_id)
    assert asleep.status == run.RUN_STATUS_SLEEPING and asleep.HasField("next_wake_at")
