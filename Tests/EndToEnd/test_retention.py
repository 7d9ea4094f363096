"""Closed runs go when their namespace keeps them no longer; open ones and those of other namespaces stay."""

from __future__ import annotations

import time
import uuid
from typing import Any

import grpc
import pytest
from harness import Coordinator, Postgres, Service, admin, local_result, run, workflow_service
from harness.raw import duration

CALL = 15.0


@pytest.fixture
def name() -> str:
    return f"team-{uuid.uuid4().hex[:12]}"


def create(service: Service, name: str, seconds: float | None) -> None:
    request = admin.CreateNamespaceRequest(name=name)
    if seconds is not None:
        request.retention.CopyFrom(duration(seconds))
    service.admin.CreateNamespace(request, timeout=CALL)


def is_gone(service: Service, run_id: str) -> bool:
    try:
        service.get(run_id)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND
        return True
    return False


def until(condition: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def test_old_runs_go_with_their_steps_and_what_is_open_lives_on(
    new_coordinator: Any, new_database: Any, postgres: Postgres, raw: Any, queue: str, name: str
) -> None:
    database = new_database()
    coordinators = [new_coordinator(database, "--retention-interval", "200ms") for _ in range(2)]
    service = coordinators[0].service()
    create(service, name, 1)
    short, kept = Service(coordinators[0].address, name), Service(coordinators[1].address)
    flow, other = raw(short, queue, workflows=["w"]), raw(kept, queue, workflows=["w"])
    for worker in (flow, other):
        worker.open()
        worker.grant(200)
    closed, open_run = [], short.start("w", queue, workflow_id="open")
    held = flow.task()
    for _ in range(100):
        closed.append(short.start("w", queue))
        flow.complete(flow.task().token, results=[local_result("a"), local_result("b")])
    stays = kept.start("w", queue)
    other.complete(other.task().token, results=[local_result("a")])
    until(lambda: all(is_gone(short, run_id) for run_id in closed[-1:] + closed[:1]), 15)
    until(lambda: service_count(short) == 1, 15)
    rows = postgres.query(database, "SELECT count(*) FROM kagzi.steps")
    assert rows == [["1"]], "only the step of the other namespace's run is left"
    assert not is_gone(kept, stays)
    # The open run is older than the retention, and ends as it would have.
    assert short.get(open_run).status == run.RUN_STATUS_RUNNING
    flow.complete(held.token, b"7")
    assert short.wait(open_run).output.data == b"7"
    until(lambda: is_gone(short, open_run), 15)
    assert short.start("w", queue, workflow_id="open") != open_run
    short.close()
    kept.close()


def service_count(service: Service) -> int:
    request = workflow_service.CountRunsRequest(namespace=service.namespace)
    return int(service.workflows.CountRuns(request, timeout=CALL).total)


def test_a_retention_can_be_set_later_and_taken_back(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str, name: str
) -> None:
    coordinator: Coordinator = new_coordinator(new_database(), "--retention-interval", "100ms")
    service = coordinator.service()
    create(service, name, None)
    team = Service(coordinator.address, name)
    flow = raw(team, queue, workflows=["w"])
    flow.open()
    flow.grant(5)

    def ended() -> str:
        run_id = team.start("w", queue)
        flow.complete(flow.task().token)
        return run_id

    def keep(seconds: float) -> None:
        request = admin.UpdateNamespaceRequest(name=name, retention=duration(seconds))
        service.admin.UpdateNamespace(request, timeout=CALL)

    first = ended()
    keep(0.5)
    until(lambda: is_gone(team, first), 10)
    keep(0)
    second = ended()
    # Many turns later it is still there.
    time.sleep(1.5)
    assert not is_gone(team, second)
    team.close()
