"""Versions side by side: the default, rollout by weights, deprecation, what is open on each; live, and durable."""

from __future__ import annotations

import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator,
    Service,
    detail_of,
    details,
    local_result,
    registry,
    run,
    schedule,
    timer,
    worker,
    workflow_service,
)

CALL = 15.0


@pytest.fixture
def kind() -> str:
    """A type that only this test uses."""
    return f"type-{uuid.uuid4().hex[:12]}"


def set_default(service: Service, name: str, version: int, activity: bool = False) -> None:
    request = registry.SetDefaultVersionRequest(
        namespace=service.namespace, kind=1 + activity, type=name, version=version
    )
    service.registry.SetDefaultVersion(request, timeout=CALL)


def set_rollout(service: Service, name: str, weights: dict[int, float], activity: bool = False) -> None:
    request = registry.SetRolloutRequest(namespace=service.namespace, kind=1 + activity, type=name)
    for version, percent in weights.items():
        request.weights.add(version=version, percent=percent)
    service.registry.SetRollout(request, timeout=CALL)


def deprecate(service: Service, name: str, version: int, undo: bool = False) -> None:
    request = registry.DeprecateVersionRequest(namespace=service.namespace, type=name, version=version, undo=undo)
    service.registry.DeprecateVersion(request, timeout=CALL)


def describe(service: Service, name: str) -> Any:
    request = registry.DescribeWorkflowTypeRequest(namespace=service.namespace, type=name)
    return service.registry.DescribeWorkflowType(request, timeout=CALL).description


def versions(service: Service, name: str) -> dict[int, Any]:
    return {version.version: version for version in describe(service, name).versions}


def started_versions(service: Service, name: str, queue: str, ids: Iterable[str]) -> dict[str, int]:
    """Starts a run for each id at once; the version that each got. Nobody needs to work on them."""
    requests = [
        workflow_service.StartWorkflowRequest(
            namespace=service.namespace, workflow_type=name, task_queue=queue, workflow_id=workflow_id
        )
        for workflow_id in ids
    ]
    found = {}
    for begin in range(0, len(requests), 1_000):
        batch = workflow_service.StartWorkflowsRequest(requests=requests[begin : begin + 1_000])
        for result in service.workflows.StartWorkflows(batch, timeout=60).results:
            found[result.started.workflow_id] = result.started.workflow_version
    return found


def refused(call: Any, code: Any = grpc.StatusCode.FAILED_PRECONDITION) -> Any:
    """The typed detail of a call that is refused."""
    with pytest.raises(grpc.RpcError) as refusal:
        call()
    assert refusal.value.code() == code, refusal.value
    detail = detail_of(refusal.value)
    assert detail is not None
    return detail


# The default


def test_checklist_16_the_first_version_registered_becomes_the_default_and_later_ones_do_not(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    raw(service, queue, workflows=[f"{kind}:2"])
    assert service.start_response(kind, queue).workflow_version == 2
    raw(service, queue, workflows=[f"{kind}:1", f"{kind}:3"])
    description = describe(service, kind)
    assert description.default_version == 2
    assert [version.version for version in description.versions] == [1, 2, 3]
    assert service.start_response(kind, queue).workflow_version == 2
    set_default(service, kind, 3)
    assert service.start_response(kind, queue).workflow_version == 3
    assert service.start_response(kind, queue, workflow_version=1).workflow_version == 1


def test_checklist_16_a_default_must_be_registered_and_not_deprecated(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    missing = refused(lambda: set_default(service, kind, 7))
    assert isinstance(missing, details.VersionNotRegistered) and (missing.type, missing.version) == (kind, 7)
    unknown = refused(lambda: set_default(service, f"no-{kind}", 1))
    assert isinstance(unknown, details.VersionNotRegistered)
    deprecate(service, kind, 2)
    old = refused(lambda: set_default(service, kind, 2))
    assert isinstance(old, details.VersionDeprecated) and old.version == 2
    assert describe(service, kind).default_version == 1
    zero = refused(lambda: set_default(service, kind, 0), grpc.StatusCode.INVALID_ARGUMENT)
    assert zero.field == "version"


def test_checklist_16_a_run_of_a_type_that_nobody_registered_waits_as_version_1(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    started = service.start_response(kind, queue)
    assert started.workflow_version == 1
    # A worker of version 2 only does not get it, and the description says that it waits.
    newer = raw(service, queue, workflows=[f"{kind}:2"])
    newer.open()
    newer.grant(1)
    newer.expect_nothing("task", 0.5)
    waiting = versions(service, kind)
    assert (waiting[1].open_count, waiting[1].live_workers, waiting[1].drained) == (1, 0, False)
    assert not waiting[1].HasField("first_registered_at") and waiting[2].HasField("first_registered_at")
    first = raw(service, queue, workflows=[f"{kind}:1"])
    first.open()
    first.grant(1)
    task = first.task()
    assert (task.run_id, task.workflow_version) == (started.run_id, 1)
    first.complete(task.token)
    assert service.wait(started.run_id).workflow_version == 1


def test_checklist_16_an_explicit_version_that_was_never_registered_is_refused(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    raw(service, queue, workflows=[f"{kind}:1"])
    missing = refused(lambda: service.start(kind, queue, workflow_version=9))
    assert isinstance(missing, details.VersionNotRegistered) and missing.version == 9


# Side by side


def test_checklist_17_a_run_ends_on_the_version_it_began_with_whatever_becomes_the_default(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    old = raw(service, queue, workflows=[f"{kind}:1"], activities=["x"])
    old.open()
    old.grant(5, 5)
    first = service.start(kind, queue)
    task = old.task()
    old.suspend(task.token, schedule("pay", "x"))
    new = raw(service, queue, workflows=[f"{kind}:2"])
    new.open()
    new.grant(5)
    set_default(service, kind, 2)
    second = service.start(kind, queue)
    other = new.task()
    assert (other.run_id, other.workflow_version) == (second, 2)
    activity = old.task()
    old.output(activity.token)
    # The task of version 1 goes to the worker of version 1 only.
    task = old.task()
    assert (task.run_id, task.workflow_version) == (first, 1)
    new.expect_nothing("task", 0.3)
    old.complete(task.token, b'"one"')
    new.complete(other.token, b'"two"')
    assert (service.wait(first).workflow_version, service.wait(second).workflow_version) == (1, 2)


def test_checklist_16_runs_are_counted_by_version_and_status(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    flow = raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    flow.open()
    flow.grant(10)
    for version, count in ((1, 3), (2, 2)):
        for index in range(count):
            service.start(kind, queue, workflow_version=version)
            task = flow.task()
            if index:
                flow.complete(task.token)
    for version, completed in ((1, 2), (2, 1)):
        request = workflow_service.CountRunsRequest(
            filter=run.RunFilter(workflow_type=kind, workflow_version=version)
        )
        counts = service.workflows.CountRuns(request, timeout=CALL)
        assert {count.status: count.count for count in counts.counts} == {
            run.RUN_STATUS_RUNNING: 1, run.RUN_STATUS_COMPLETED: completed,
        }  # fmt: skip
    assert [version.open_count for version in describe(service, kind).versions] == [1, 1]


# Rollout


def test_checklist_17_canary_growth_and_rollback_on_the_live_system_survive_kill_9(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str, kind: str
) -> None:
    coordinator: Coordinator = new_coordinator(new_database())
    service = coordinator.service()
    raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    ids = [f"order-{number}" for number in range(2_000)]

    def shares() -> set[str]:
        """Which of the same 2,000 customers get version 2 now. Their ids are free again afterwards."""
        found = started_versions(service, kind, queue, ids)
        assert set(found.values()) <= {1, 2} and len(found) == 2_000
        terminate_all(service, kind)
        return {workflow_id for workflow_id, version in found.items() if version == 2}

    assert shares() == set()
    set_rollout(service, kind, {2: 10})
    canary = shares()
    assert 140 <= len(canary) <= 260, len(canary)
    coordinator.kill()
    coordinator.start()
    wait_ready(service)
    assert shares() == canary, "the same ids after a restart"
    set_rollout(service, kind, {2: 50})
    half = shares()
    assert 890 <= len(half) <= 1_110 and canary < half, len(half)
    described = versions(service, kind)
    assert (described[1].percent, described[2].percent) == (0, 50)
    coordinator.kill()
    coordinator.start()
    wait_ready(service)
    # Rollback: no weights, at once.
    set_rollout(service, kind, {})
    assert shares() == set()
    # And the other way: all of it.
    set_default(service, kind, 2)
    assert shares() == set(ids)
    coordinator.kill()
    coordinator.start()
    wait_ready(service)
    assert describe(service, kind).default_version == 2
    assert service.start_response(kind, queue).workflow_version == 2


def wait_ready(service: Service) -> None:
    """Returns when the restarted coordinator answers on the channel that was lost."""
    grpc.channel_ready_future(service.channel).result(CALL)


def terminate_all(service: Service, kind: str) -> None:
    """Ends every open run of a type."""
    calls = []
    for found in open_runs(service, kind):
        request = workflow_service.TerminateRunRequest(namespace=service.namespace, run_id=found)
        calls.append(service.workflows.TerminateRun.future(request, timeout=60))
    for ended in calls:
        ended.result()


def open_runs(service: Service, kind: str) -> list[str]:
    found, token = [], ""
    wanted = run.RunFilter(
        workflow_type=kind, statuses=[run.RUN_STATUS_PENDING, run.RUN_STATUS_RUNNING, run.RUN_STATUS_WAITING]
    )
    while True:
        request = workflow_service.ListRunsRequest(
            namespace=service.namespace, filter=wanted, page_size=1_000, page_token=token
        )
        response = service.workflows.ListRuns(request, timeout=60)
        found += [entry.run_id for entry in response.runs]
        token = response.next_page_token
        if not token:
            return found


def test_checklist_17_weights_that_cannot_be_are_refused_and_change_nothing(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2", f"{kind}:3"])
    set_rollout(service, kind, {2: 25})
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    for weights in ({2: 60, 3: 41}, {2: -1}, {2: 101}, {2: float("nan")}, {0: 5}):
        flaw = refused(lambda weights=weights: set_rollout(service, kind, weights), invalid)
        assert isinstance(flaw, details.InvalidField) and flaw.field == "weights" and flaw.reason
    twice = registry.SetRolloutRequest(type=kind)
    twice.weights.add(version=2, percent=1)
    twice.weights.add(version=2, percent=2)
    assert refused(lambda: service.registry.SetRollout(twice, timeout=CALL), invalid).field == "weights"
    missing = refused(lambda: set_rollout(service, kind, {3: 5, 8: 5}))
    assert isinstance(missing, details.VersionNotRegistered) and missing.version == 8
    deprecate(service, kind, 3)
    old = refused(lambda: set_rollout(service, kind, {3: 5}))
    assert isinstance(old, details.VersionDeprecated) and old.version == 3
    nobody = refused(lambda: set_rollout(service, f"no-{kind}", {}), grpc.StatusCode.NOT_FOUND)
    assert isinstance(nobody, details.ResourceNotFound) and nobody.kind == "workflow type"
    assert {number: version.percent for number, version in versions(service, kind).items()} == {1: 0, 2: 25, 3: 0}


def test_checklist_17_what_one_coordinator_answered_the_other_obeys(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str, kind: str
) -> None:
    database = new_database()
    a, b = new_coordinator(database).service(), new_coordinator(database).service()
    raw(a, queue, workflows=[f"{kind}:1", f"{kind}:2", f"{kind}:3"])
    for change, expected in (
        (lambda: set_default(a, kind, 2), 2),
        (lambda: set_rollout(b, kind, {3: 100}), 3),
        (lambda: deprecate(a, kind, 3), 2),
        (lambda: set_default(b, kind, 1), 1),
    ):
        change()
        until(lambda expected=expected: a.start_response(kind, queue).workflow_version == expected, 2)
        until(lambda expected=expected: b.start_response(kind, queue).workflow_version == expected, 2)
    # On the coordinator that answered, the very next start obeys.
    for version in (2, 1) * 10:
        set_default(a, kind, version)
        assert a.start_response(kind, queue).workflow_version == version


def until(condition: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"


# Deprecation


def test_checklist_16_a_deprecated_version_takes_no_new_runs_and_its_open_ones_end(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    flow = raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    flow.open()
    flow.grant(10)
    first = service.start(kind, queue)
    task = flow.task()
    default = refused(lambda: deprecate(service, kind, 1))
    assert isinstance(default, details.InvalidField) and "make another version the default first" in default.reason
    set_rollout(service, kind, {1: 50})
    set_default(service, kind, 2)
    deprecate(service, kind, 1)
    old = refused(lambda: service.start(kind, queue, workflow_version=1))
    assert isinstance(old, details.VersionDeprecated) and (old.type, old.version) == (kind, 1)
    # Its share has ended with it.
    found = started_versions(service, kind, queue, [f"{kind}-{number}" for number in range(50)])
    assert Counter(found.values()) == {2: 50}
    described = versions(service, kind)
    assert described[1].deprecated and described[1].percent == 0 and not described[1].drained
    flow.complete(task.token)
    assert service.wait(first).status == run.RUN_STATUS_COMPLETED
    assert versions(service, kind)[1].drained
    deprecate(service, kind, 1, undo=True)
    assert service.start_response(kind, queue, workflow_version=1).workflow_version == 1
    missing = refused(lambda: deprecate(service, kind, 5))
    assert isinstance(missing, details.VersionNotRegistered)


# Descriptions


def test_checklist_16_a_description_shows_open_runs_live_workers_and_what_is_drained(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    both = raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    raw(service, queue, workflows=[f"{kind}:2"])
    first = versions(service, kind)
    assert (first[1].live_workers, first[2].live_workers) == (1, 2)
    assert (first[1].drained, first[2].drained) == (False, True)
    service.start(kind, queue, workflow_version=2)
    service.start(kind, queue)
    second = versions(service, kind)
    assert (second[1].open_count, second[2].open_count) == (1, 1)
    assert not second[2].drained
    set_rollout(service, kind, {2: 5})
    both.open()
    both.close()
    third = versions(service, kind)
    assert (third[1].live_workers, third[2].live_workers) == (0, 1)
    raw(service, queue, workflows=[f"{kind}:2"])
    fourth = versions(service, kind)
    assert fourth[2].first_registered_at == first[2].first_registered_at
    assert fourth[2].last_registered_at.ToNanoseconds() > first[2].last_registered_at.ToNanoseconds()
    nobody = refused(lambda: describe(service, f"no-{kind}"), grpc.StatusCode.NOT_FOUND)
    assert isinstance(nobody, details.ResourceNotFound) and nobody.kind == "workflow type"


def test_checklist_16_types_are_listed_in_pages_and_none_is_skipped(service: Service, raw: Any, queue: str) -> None:
    mark = uuid.uuid4().hex[:8]
    names = [f"page-{mark}-{number:02}" for number in range(25)]
    raw(service, queue, workflows=[f"{name}:{number}" for name in names for number in (1, 4)], activities=names)
    for method, request in (
        (service.registry.ListWorkflowTypes, registry.ListWorkflowTypesRequest),
        (service.registry.ListActivityTypes, registry.ListActivityTypesRequest),
    ):
        found, token = [], ""
        while True:
            page = method(request(page_size=7, page_token=token), timeout=CALL)
            assert len(page.types) <= 7
            found += list(page.types)
            token = page.next_page_token
            if not token:
                break
        ours = [entry for entry in found if entry.type in names]
        assert [entry.type for entry in ours] == names
        assert len({entry.type for entry in found}) == len(found)
    assert [[version.version for version in entry.versions] for entry in ours] == [[1]] * 25
    flaw = refused(
        lambda: service.registry.ListWorkflowTypes(registry.ListWorkflowTypesRequest(page_size=1_001), timeout=CALL),
        grpc.StatusCode.INVALID_ARGUMENT,
    )
    assert flaw.field == "page_size"


# Activities


def test_checklist_17_activity_versions_follow_the_same_default_weights_and_deprecation(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    flow = raw(service, queue, workflows=[kind], activities=[f"{kind}:1", f"{kind}:2", f"{kind}:3"])
    flow.open()
    flow.grant(10)

    def scheduled(*keys: str, **fields: Any) -> dict[str, int]:
        run_id = service.start(kind, queue)
        flow.suspend(flow.task().token, *(schedule(key, kind, **fields) for key in keys))
        found = {step.key: step.activity_version for step in service.steps(run_id)}
        service.terminate(run_id)
        flow.grant(1)
        return found

    assert scheduled("a") == {"a": 1}
    set_default(service, kind, 2, activity=True)
    assert scheduled("a") == {"a": 2}
    assert scheduled("a", activity_version=3) == {"a": 3}
    set_rollout(service, kind, {3: 50}, activity=True)
    keys = [f"step-{number}" for number in range(400)]
    counts = Counter(scheduled(*keys).values())
    assert set(counts) == {2, 3} and 140 <= counts[3] <= 260, counts
    deprecation = registry.DeprecateVersionRequest(kind=registry.TYPE_KIND_ACTIVITY, type=kind, version=3)
    service.registry.DeprecateVersion(deprecation, timeout=CALL)
    assert Counter(scheduled(*keys).values()) == {2: 400}
    # An open run goes on with what its code asks for.
    assert scheduled("a", activity_version=3) == {"a": 3}


def test_checklist_17_an_activity_keeps_the_version_it_was_scheduled_with(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    flow = raw(service, queue, workflows=[kind], activities=[f"{kind}:1"])
    flow.open()
    flow.grant(1)
    run_id = service.start(kind, queue)
    flow.suspend(flow.task().token, schedule("a", kind))
    newer = raw(service, queue, activities=[f"{kind}:2"])
    newer.open()
    newer.grant(0, 5)
    set_default(service, kind, 2, activity=True)
    newer.expect_nothing("task", 0.5)
    request = registry.DescribeActivityTypeRequest(type=kind)
    description = service.registry.DescribeActivityType(request, timeout=CALL).description
    assert {version.version: version.open_count for version in description.versions} == {1: 1, 2: 0}
    flow.grant(1, 1)
    task = flow.task()
    assert task.activity.activity_version == 1
    flow.output(task.token)
    flow.complete(flow.task().token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
    drained = service.registry.DescribeActivityType(request, timeout=CALL).description.versions[0]
    assert drained.open_count == 0 and drained.drained


# Moving open runs


def move(service: Service, name: str, start: int, end: int, dry_run: bool = False, **fields: Any) -> Any:
    """Moves open runs; the last message. What comes before it never goes back."""
    request = registry.MoveRunsRequest(
        namespace=service.namespace, workflow_type=name, from_version=start, to_version=end, dry_run=dry_run, **fields
    )
    messages = list(service.registry.MoveRuns(request, timeout=60))
    assert [message.finished for message in messages] == [False] * (len(messages) - 1) + [True]
    assert [message.moved for message in messages] == sorted(message.moved for message in messages)
    return messages[-1]


def test_checklist_17_a_move_is_tried_dry_and_done_for_real_and_the_next_task_is_whole(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    old = raw(service, queue, workflows=[f"{kind}:1"], activities=["x"])
    old.open()
    old.grant(3, 3)
    runs = []
    activities = {}
    for _ in range(3):
        runs.append(service.start(kind, queue))
        old.suspend(old.task().token, schedule("pay", "x"), sticky=True)
        activities[runs[-1]] = old.task()
    new = raw(service, queue, workflows=[f"{kind}:2"])
    new.open()
    new.grant(10)
    tried = move(service, kind, 1, 2, dry_run=True)
    assert (tried.total, tried.moved, list(tried.conflicts)) == (3, 3, [])
    assert [service.get(run_id).workflow_version for run_id in runs] == [1, 1, 1]
    done = move(service, kind, 1, 2)
    assert (done.total, done.moved, list(done.conflicts)) == (3, 3, [])
    assert [service.get(run_id).workflow_version for run_id in runs] == [2, 2, 2]
    described = versions(service, kind)
    assert (described[1].open_count, described[2].open_count) == (0, 3)
    # The old worker has the function in memory; the new one gets the whole run all the same.
    for run_id in runs:
        old.output(activities[run_id].token, b'"paid"')
        task = new.task(timeout=2)
        assert (task.run_id, task.workflow_version) == (run_id, 2)
        assert not task.workflow.delta and [step.key for step in task.workflow.steps] == ["pay"]
        assert task.workflow.steps[0].output.data == b'"paid"'
        new.complete(task.token)
        closed = service.wait(run_id)
        assert (closed.status, closed.workflow_version) == (run.RUN_STATUS_COMPLETED, 2)
    assert move(service, kind, 1, 2).total == 0


def test_checklist_17_a_moved_run_loses_its_held_task_and_a_late_report_changes_nothing(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    old = raw(service, queue, workflows=[f"{kind}:1"])
    old.open()
    old.grant(1)
    run_id = service.start(kind, queue)
    held = old.task()
    new = raw(service, queue, workflows=[f"{kind}:2"])
    new.open()
    new.grant(1)
    assert move(service, kind, 1, 2).moved == 1
    lost = old.next("lost", 5)
    assert list(lost.tokens) == [held.token] and "moved from version 1 to 2" in lost.reason
    task = new.task(timeout=2)
    assert (task.run_id, task.workflow_version) == (run_id, 2)
    late = old.complete(held.token, b'"old"')
    assert late.rejection.reason and not late.decisions
    new.complete(task.token, b'"new"')
    assert service.wait(run_id).output.data == b'"new"'


def test_checklist_17_a_move_takes_the_runs_that_the_filter_chooses(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    chosen = [service.start(kind, queue, workflow_id=f"{kind}-eu-{n}", tags={"region": "eu"}) for n in range(3)]
    others = [service.start(kind, queue, workflow_id=f"{kind}-us-{n}", tags={"region": "us"}) for n in range(2)]
    assert move(service, kind, 1, 2, filter=run.RunFilter(tags={"region": "eu"})).moved == 3
    assert [service.get(run_id).workflow_version for run_id in chosen + others] == [2, 2, 2, 1, 1]
    assert move(service, kind, 1, 2, filter=run.RunFilter(workflow_id_prefix=f"{kind}-us-1")).moved == 1
    assert [service.get(run_id).workflow_version for run_id in others] == [1, 2]


def test_checklist_17_runs_whose_steps_do_not_fit_stay_and_both_sides_are_named(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    flow = raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"], activities=["x"])
    flow.open()
    flow.grant(20, 20)

    def recorded(version: int, *results: Any, commands: Iterable[Any] = (), ends: bool = False) -> str:
        run_id = service.start(kind, queue, workflow_version=version)
        task = flow.task()
        assert task.run_id == run_id
        if ends:
            flow.complete(task.token, results=list(results))
        else:
            flow.suspend(task.token, *commands, results=list(results))
        flow.grant(1)
        return run_id

    good = recorded(1, local_result("check"), local_result("check#2"))
    other_kind = recorded(1, local_result("check"), local_result("pay"))
    gone = recorded(1, local_result("check"), local_result("old-step"))
    # Nothing of version 2 is known yet: nothing can be said against a move.
    assert move(service, kind, 1, 2, dry_run=True).moved == 3
    # Version 2: `check` once, then `pay` as an activity.
    ended = service.start(kind, queue, workflow_version=2)
    task = flow.task()
    flow.suspend(task.token, schedule("pay", "x"), results=[local_result("check")])
    flow.output(flow.task().token)
    flow.complete(flow.task().token)
    assert service.wait(ended).status == run.RUN_STATUS_COMPLETED
    tried = move(service, kind, 1, 2, dry_run=True)
    assert (tried.total, tried.moved, len(tried.conflicts)) == (3, 1, 2)
    done = move(service, kind, 1, 2)
    assert (done.total, done.moved, list(done.conflicts)) == (3, 1, list(tried.conflicts))
    first, second = done.conflicts
    assert other_kind in first and "step 'pay' is LOCAL here, and ACTIVITY in version 2" in first
    assert gone in second and "step 'old-step' (LOCAL) is recorded here, and the one run of version 2" in second
    assert [service.get(run_id).workflow_version for run_id in (good, other_kind, gone)] == [2, 1, 1]
    # A run that was moved says nothing about the version it was moved to.
    again = move(service, kind, 1, 2)
    assert (again.total, again.moved) == (2, 0)


def test_checklist_17_a_function_that_does_not_fit_parks_its_run_with_both_sides_named(
    service: Service, raw: Any, queue: str, kind: str, binary: Any
) -> None:
    flow = raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    flow.open()
    flow.grant(5)
    run_id = service.start(kind, queue)
    flow.suspend(flow.task().token, timer("nap", 0.2), results=[local_result("pay")])
    assert move(service, kind, 1, 2).moved == 1
    task = flow.task()
    assert task.workflow_version == 2
    reason = "step 'pay' is recorded as LOCAL, and version 2 asks for it as ACTIVITY"
    flow.report(task.token, workflow=worker.WorkflowReport(park=worker.Park(reason=reason)))
    parked = service.get(run_id)
    assert (parked.status, parked.status_reason) == (run.RUN_STATUS_PAUSED, reason)
    shown = subprocess.run(
        [binary, "workflow", "show", run_id, "--address", service.address], capture_output=True, text=True, check=True
    )
    assert f"PAUSED: {reason}" in shown.stdout
    # A parked run can be moved, and stays parked until it is resumed.
    assert move(service, kind, 2, 1).moved == 1
    assert service.get(run_id).status == run.RUN_STATUS_PAUSED


def test_checklist_17_a_move_that_cannot_be_is_refused(service: Service, raw: Any, queue: str, kind: str) -> None:
    raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    for fields, field in (
        ({"start": 0, "end": 1}, "from_version"),
        ({"start": 1, "end": 0}, "to_version"),
        ({"start": 1, "end": 1}, "to_version"),
        ({"start": 1, "end": 2, "filter": run.RunFilter(workflow_type="other")}, "filter.workflow_type"),
        ({"start": 1, "end": 2, "filter": run.RunFilter(workflow_version=2)}, "filter.workflow_version"),
    ):
        assert refused(lambda fields=fields: move(service, kind, **fields), invalid).field == field
    assert refused(lambda: move(service, "", 1, 2), invalid).field == "workflow_type"
    missing = refused(lambda: move(service, kind, 1, 3))
    assert isinstance(missing, details.VersionNotRegistered) and missing.version == 3
    deprecate(service, kind, 2)
    assert isinstance(refused(lambda: move(service, kind, 1, 2)), details.VersionDeprecated)


def test_checklist_17_a_move_on_one_coordinator_reaches_workers_and_activities_on_the_other(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str, kind: str
) -> None:
    database = new_database()
    a, b = new_coordinator(database).service(), new_coordinator(database).service()
    old = raw(b, queue, workflows=[f"{kind}:1"], activities=["x"])
    old.open()
    old.grant(2, 2)
    waiting = b.start(kind, queue)
    old.suspend(old.task().token, schedule("pay", "x"), sticky=True)
    activity = old.task()
    held_run = b.start(kind, queue)
    held = old.task()
    new = raw(b, queue, workflows=[f"{kind}:2"])
    new.open()
    new.grant(5)
    assert move(a, kind, 1, 2).moved == 2
    assert list(old.next("lost", 5).tokens) == [held.token]
    assert new.task(timeout=3).run_id == held_run
    # What the session holds of the other run still names the old version.
    begin = time.monotonic()
    old.output(activity.token)
    task = new.task(timeout=20)
    assert task.run_id == waiting and task.workflow_version == 2
    assert time.monotonic() - begin < 5, "it was not found by the slow scan"


def test_checklist_17_a_thousand_busy_runs_are_moved_while_they_go_on_and_each_ends_once(
    service: Service, raw: Any, queue: str, kind: str
) -> None:
    flow = raw(service, queue, workflows=[f"{kind}:1", f"{kind}:2"])
    flow.open()
    starts = [
        workflow_service.StartWorkflowRequest(workflow_type=kind, task_queue=queue, workflow_id=f"{kind}-{number}")
        for number in range(1_000)
    ]
    response = service.workflows.StartWorkflows(
        workflow_service.StartWorkflowsRequest(requests=starts), timeout=60
    )
    runs = {result.started.run_id for result in response.results}
    assert len(runs) == 1_000
    ended: Counter[int] = Counter()
    stop = threading.Event()

    def work() -> None:
        flow.grant(20)
        while not stop.is_set():
            try:
                task = flow.task(timeout=0.5)
            except TimeoutError:
                continue
            answer = flow.complete(task.token)
            flow.grant(1)
            if not answer.HasField("rejection"):
                ended[task.workflow_version] += 1

    working = threading.Thread(target=work)
    working.start()
    try:
        last = move(service, kind, 1, 2)
        assert last.moved > 0 and not last.conflicts
        for run_id in runs:
            assert service.wait(run_id, 60).status == run.RUN_STATUS_COMPLETED
    finally:
        stop.set()
        working.join(30)
    assert sum(ended.values()) == 1_000 and ended[2] > 0, ended
