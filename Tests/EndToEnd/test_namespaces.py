"""Namespaces: made, listed, changed; a disabled one refuses new work and lets open runs end; nothing leaks across."""

from __future__ import annotations

import time
import uuid
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator,
    Service,
    admin,
    detail_of,
    details,
    registry,
    run,
    schedule,
    timer,
    worker,
    workflow_service,
)
from harness.raw import await_signal, child, duration

CALL = 15.0


def create(service: Service, name: str, **fields: Any) -> Any:
    return service.admin.CreateNamespace(admin.CreateNamespaceRequest(name=name, **fields), timeout=CALL).namespace


def disable(service: Service, name: str) -> None:
    service.admin.DisableNamespace(admin.DisableNamespaceRequest(name=name), timeout=CALL)


def enable(service: Service, name: str) -> None:
    service.admin.EnableNamespace(admin.EnableNamespaceRequest(name=name), timeout=CALL)


def refused(call: Any, code: Any) -> Any:
    """The typed detail of a call that is refused."""
    with pytest.raises(grpc.RpcError) as refusal:
        call()
    assert refusal.value.code() == code, refusal.value
    return detail_of(refusal.value)


@pytest.fixture
def name() -> str:
    return f"team-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def team(shared: Coordinator, service: Service, name: str) -> Any:
    """A client of a namespace of its own."""
    create(service, name)
    team = Service(shared.address, namespace=name)
    yield team
    team.close()


def test_a_namespace_is_created_once_read_changed_and_listed(service: Service, name: str) -> None:
    made = create(service, name, description="payments", retention=duration(86_400))
    assert (made.name, made.description, made.enabled, made.retention.seconds) == (name, "payments", True, 86_400)
    assert made.HasField("created_at")
    exists = refused(lambda: create(service, name), grpc.StatusCode.ALREADY_EXISTS)
    assert isinstance(exists, details.ResourceExists) and (exists.kind, exists.name) == ("namespace", name)

    def update(**fields: Any) -> Any:
        request = admin.UpdateNamespaceRequest(name=name, **fields)
        return service.admin.UpdateNamespace(request, timeout=CALL).namespace

    renamed = update(description="billing")
    assert (renamed.description, renamed.retention.seconds) == ("billing", 86_400)
    shorter = update(retention=duration(60))
    assert (shorter.description, shorter.retention.seconds) == ("billing", 60)
    assert not update(retention=duration(0)).HasField("retention"), "zero: for ever"
    assert update(description="").description == ""
    read = service.admin.GetNamespace(admin.GetNamespaceRequest(name=name), timeout=CALL).namespace
    assert (read.name, read.enabled, read.created_at) == (name, True, made.created_at)
    missing = refused(
        lambda: service.admin.GetNamespace(admin.GetNamespaceRequest(name=f"no-{name}"), timeout=CALL),
        grpc.StatusCode.NOT_FOUND,
    )
    assert isinstance(missing, details.ResourceNotFound) and missing.kind == "namespace"


@pytest.mark.parametrize("bad", ["", "A", "a b", "a/b", "é", "x" * 64, "a\n"])
def test_a_namespace_name_that_cannot_be_is_refused(service: Service, bad: str) -> None:
    flaw = refused(lambda: create(service, bad), grpc.StatusCode.INVALID_ARGUMENT)
    assert isinstance(flaw, details.InvalidField) and flaw.field == "name"


def test_a_retention_and_a_description_that_cannot_be_are_refused(service: Service, name: str) -> None:
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    assert refused(lambda: create(service, name, retention=duration(0)), invalid).field == "retention"
    assert refused(lambda: create(service, name, retention=duration(-1)), invalid).field == "retention"
    assert refused(lambda: create(service, name, description="x" * 1_025), invalid).field == "description"
    create(service, name)
    request = admin.UpdateNamespaceRequest(name=name, retention=duration(-1))
    assert refused(lambda: service.admin.UpdateNamespace(request, timeout=CALL), invalid).field == "retention"


def test_namespaces_are_listed_in_pages_by_name(service: Service) -> None:
    mark = uuid.uuid4().hex[:8]
    names = [f"{mark}-{number:02}" for number in range(12)]
    for name in reversed(names):
        create(service, name)
    found, token = [], ""
    while True:
        request = admin.ListNamespacesRequest(page_size=5, page_token=token)
        page = service.admin.ListNamespaces(request, timeout=CALL)
        assert len(page.namespaces) <= 5
        found += [namespace.name for namespace in page.namespaces]
        token = page.next_page_token
        if not token:
            break
    assert [name for name in found if name.startswith(mark)] == names
    assert "default" in found and len(found) == len(set(found))


def test_a_disabled_namespace_refuses_new_work_and_open_runs_go_on_to_their_end(
    service: Service, team: Service, raw: Any, queue: str
) -> None:
    flow = raw(team, queue, workflows=["w"], activities=["x"])
    flow.open()
    flow.grant(5, 5)
    run_id = team.start("w", queue)
    waiting = team.start("w", queue, workflow_id="waits", start_delay=duration(0.5))
    task = flow.task()
    disable(service, team.namespace)
    no = refused(lambda: team.start("w", queue), grpc.StatusCode.FAILED_PRECONDITION)
    assert isinstance(no, details.NamespaceDisabled) and no.namespace == team.namespace
    batch = workflow_service.StartWorkflowsRequest(
        requests=[workflow_service.StartWorkflowRequest(namespace=team.namespace, workflow_type="w", task_queue=queue)]
    )
    result = team.workflows.StartWorkflows(batch, timeout=CALL).results[0]
    assert result.error.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    # What is open schedules activities and timers, and ends; so does what was accepted to start later.
    flow.suspend(task.token, schedule("a", "x"), timer("t", 0.05))
    activity = flow.task()
    assert activity.activity.step == "a"
    flow.output(activity.token)
    task = flow.task()
    if len([step for step in team.steps(run_id) if step.state == run.STEP_STATE_COMPLETED]) < 2:
        flow.suspend(task.token)
        task = flow.task()
    flow.complete(task.token)
    assert team.wait(run_id).status == run.RUN_STATUS_COMPLETED
    later = flow.task() if task.run_id == run_id else task
    flow.complete(later.token)
    assert team.wait(waiting).status == run.RUN_STATUS_COMPLETED
    # Workers may come to end what is open; runs can be read.
    raw(team, queue, workflows=["w"])
    assert team.get(run_id).status == run.RUN_STATUS_COMPLETED
    enable(service, team.namespace)
    assert team.start("w", queue)


def test_open_runs_of_a_disabled_namespace_start_children_take_signals_and_continue(
    service: Service, team: Service, raw: Any, queue: str
) -> None:
    flow = raw(team, queue, workflows=["parent", "part"])
    flow.open()
    flow.grant(10)
    run_id = team.start("parent", queue)
    task = flow.task()
    disable(service, team.namespace)
    flow.suspend(task.token, child("c", "part"))
    part = flow.task()
    assert part.workflow_type == "part"
    flow.complete(part.token, b"3")
    task = flow.task()
    assert task.workflow.steps[0].output.data == b"3"
    flow.suspend(task.token, await_signal("s", "go"))
    request = workflow_service.SignalWorkflowRequest(namespace=team.namespace, run_id=run_id, signal_name="go")
    team.workflows.SignalWorkflow(request, timeout=CALL)
    task = flow.task()
    again = worker.ContinueAsNew()
    flow.report(task.token, workflow=worker.WorkflowReport(continue_as_new=again))
    task = flow.task()
    assert task.workflow_type == "parent" and task.run_id != run_id
    flow.complete(task.token)
    assert team.wait(task.run_id).status == run.RUN_STATUS_COMPLETED
    # A signal that would start a run is new work.
    both = workflow_service.SignalWithStartRequest(
        start=workflow_service.StartWorkflowRequest(namespace=team.namespace, workflow_type="parent", task_queue=queue),
        signal_name="go",
    )
    no = refused(lambda: team.workflows.SignalWithStart(both, timeout=CALL), grpc.StatusCode.FAILED_PRECONDITION)
    assert isinstance(no, details.NamespaceDisabled)


def test_the_default_namespace_can_be_disabled_too(new_coordinator: Any, new_database: Any, queue: str) -> None:
    service = new_coordinator(new_database()).service()
    disable(service, "default")
    no = refused(lambda: service.start("w", queue), grpc.StatusCode.FAILED_PRECONDITION)
    assert isinstance(no, details.NamespaceDisabled) and no.namespace == "default"
    enable(service, "default")
    assert service.start("w", queue)


def test_what_is_done_to_a_namespace_here_holds_on_the_other_coordinator_and_after_kill_9(
    new_coordinator: Any, new_database: Any, queue: str, name: str
) -> None:
    database = new_database()
    first: Coordinator = new_coordinator(database)
    a, b = first.service(), new_coordinator(database).service()
    create(a, name)
    request = workflow_service.StartWorkflowRequest(namespace=name, workflow_type="w", task_queue=queue)

    def code() -> Any:
        try:
            b.workflows.StartWorkflow(request, timeout=CALL)
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    until(lambda: code() == grpc.StatusCode.OK)
    disable(a, name)
    until(lambda: code() == grpc.StatusCode.FAILED_PRECONDITION)
    first.kill()
    first.start()
    grpc.channel_ready_future(a.channel).result(CALL)
    no = refused(lambda: a.workflows.StartWorkflow(request, timeout=CALL), grpc.StatusCode.FAILED_PRECONDITION)
    assert isinstance(no, details.NamespaceDisabled)


def until(condition: Any, seconds: float = 2) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"


def test_an_unknown_namespace_is_refused_for_work_and_for_workers(
    shared: Coordinator, raw: Any, queue: str, name: str
) -> None:
    nowhere = Service(shared.address, namespace=f"no-{name}")
    for call in (lambda: nowhere.start("w", queue), lambda: raw(nowhere, queue, workflows=["w"])):
        missing = refused(call, grpc.StatusCode.NOT_FOUND)
        assert isinstance(missing, details.ResourceNotFound)
        assert (missing.kind, missing.name) == ("namespace", f"no-{name}")
    nowhere.close()


def test_namespaces_share_nothing(service: Service, team: Service, raw: Any, queue: str) -> None:
    here = raw(team, queue, workflows=["w:3"])
    there = raw(service, queue, workflows=["w:1"])
    for flow in (here, there):
        flow.open()
        flow.grant(5)
    # The same workflow id, type, queue and request id, apart.
    ours = team.start("w", queue, workflow_id="same", request_id=f"r-{queue}")
    theirs = service.start("w", queue, workflow_id="same", request_id=f"r-{queue}")
    assert ours != theirs
    task = here.task()
    assert (task.run_id, task.workflow_version, task.namespace) == (ours, 3, team.namespace)
    other = there.task()
    assert (other.run_id, other.namespace) == (theirs, "default")
    missing = refused(lambda: service.get(ours), grpc.StatusCode.NOT_FOUND)
    assert isinstance(missing, details.RunNotFound)
    request = registry.DescribeWorkflowTypeRequest(namespace=team.namespace, type="w")
    description = team.registry.DescribeWorkflowType(request, timeout=CALL).description
    assert [(version.version, version.open_count) for version in description.versions] == [(3, 1)]
    for flow, token in ((here, task.token), (there, other.token)):
        flow.complete(token)


def test_what_waits_in_a_namespace_is_claimed_and_listed_in_it_only(
    service: Service, team: Service, raw: Any, queue: str
) -> None:
    # The same type, version and queue; theirs has waited for longer.
    theirs, ours = service.start("w", queue), team.start("w", queue)
    for client, expected in ((service, theirs), (team, ours)):
        request = workflow_service.ListRunsRequest(
            namespace=client.namespace, filter=run.RunFilter(workflow_type="w", task_queue=queue)
        )
        assert [each.run_id for each in client.workflows.ListRuns(request, timeout=CALL).runs] == [expected]
        count = workflow_service.CountRunsRequest(namespace=client.namespace, filter=request.filter)
        assert client.workflows.CountRuns(count, timeout=CALL).total == 1
    here, there = (raw(client, queue, workflows=["w"]) for client in (team, service))
    for flow, run_id in ((here, ours), (there, theirs)):
        flow.open()
        flow.grant(1)
        task = flow.task(timeout=5)
        assert task.run_id == run_id
        flow.suspend(task.token, schedule("a", "x"))
    # Whoever asks first is not the one whose task has waited for longest.
    for client, run_id in ((service, theirs), (team, ours)):
        flow = raw(client, queue, activities=["x"])
        flow.open()
        flow.grant(0, 1)
        assert flow.task(timeout=5).run_id == run_id
        flow.drop()
