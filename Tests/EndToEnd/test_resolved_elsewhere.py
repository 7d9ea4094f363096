"""Groups that are resolved elsewhere while a worker holds the run's task: it is told, without asking, and exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import (
    Ended, Postgres, Process, RawWorker, Service, cancel_step, child, duration, local_result, open_group, policy, run, schedule, worker,
    worker_service,
)  # fmt: skip
from harness.faults import PostgresProxy, Strike, WorkerProxy
from harness.service import CALL
from test_unary import UnaryWorker, completion

SOON = 5.0
"""What is pushed comes well within this; the scan beneath comes every 10 s, and not before 10 s after the start."""

FAIL_FAST = run.GROUP_STRATEGY_FAIL_FAST
COLLECT_ALL = run.GROUP_STRATEGY_COLLECT_ALL
RACE = run.GROUP_STRATEGY_RACE

SUCCEEDED = run.GROUP_VERDICT_SUCCEEDED
FAILED = run.GROUP_VERDICT_FAILED
DEADLINE = run.GROUP_VERDICT_DEADLINE

Hold = Callable[..., tuple[RawWorker, Any, str]]


def hold(flow: RawWorker, service: Service, queue: str, *commands: Any) -> tuple[Any, str]:
    """The task of a new run, held with these commands recorded and a local member at work, as far as anybody knows."""
    run_id = service.start("w", queue)
    task = flow.task()
    assert not flow.go_on(task.token, commands=commands).HasField("rejection")
    return task, run_id


@pytest.fixture
def held(service: Service, raw: Any, queue: str) -> Hold:
    def begin(*commands: Any) -> tuple[RawWorker, Any, str]:
        flow = raw(service, queue, workflows=["w", "below"], activities=["x"])
        flow.open()
        flow.grant(5, 20)
        task, run_id = hold(flow, service, queue, *commands)
        return flow, task, run_id

    return begin


def race(*names: str, **fields: Any) -> list[Any]:
    """A race of a local member and activities."""
    return [open_group("g", RACE, len(names) + 1), *(schedule(f"g/{name}", "x", group="g", **fields) for name in names)]


def activities(flow: RawWorker, count: int) -> dict[str, Any]:
    tasks = [flow.task() for _ in range(count)]
    return {task.activity.step.rsplit("/", 1)[-1]: task for task in tasks}


def states(resolved: Any) -> dict[str, int]:
    return {step.key: step.state for step in resolved.steps}


def test_checklist_15_an_activity_that_wins_is_told_with_its_output_while_a_local_member_runs(
    held: Hold, service: Service
) -> None:
    flow, task, run_id = held(*race("a", "b"))
    others = activities(flow, 2)
    flow.output(others["b"].token, b"2")
    resolved = flow.next("groups", SOON)
    assert resolved.token == task.token
    assert [(group.key, group.verdict, group.winner) for group in resolved.groups] == [("g", SUCCEEDED, "g/b")]
    assert states(resolved) == {"g/a": run.STEP_STATE_CANCELLED, "g/b": run.STEP_STATE_COMPLETED}
    assert {step.key: step.output.data for step in resolved.steps}["g/b"] == b"2"
    # The task goes on, and is not told again.
    assert not flow.go_on(task.token, local_result("s", b"1")).HasField("rejection")
    flow.expect_nothing("groups", 0.3)
    flow.suspend(task.token, sticky=True)
    delta = flow.task()
    assert [group.winner for group in delta.workflow.groups] == ["g/b"]
    flow.complete(delta.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_checklist_12_a_failure_elsewhere_is_told_with_the_member_it_is_of(held: Hold) -> None:
    flow, task, _ = held(
        open_group("g", FAIL_FAST, 3),
        schedule("g/a", "x", group="g", retry_policy=policy(1), start_to_close_timeout=duration(0.3)),
        schedule("g/b", "x", group="g"),
    )
    activities(flow, 2)  # nobody answers: a timeout resolves the group
    resolved = flow.next("groups", SOON)
    assert [(group.verdict, group.failed_step) for group in resolved.groups] == [(FAILED, "g/a")]
    assert states(resolved) == {"g/a": run.STEP_STATE_FAILED, "g/b": run.STEP_STATE_CANCELLED}
    flow.complete(task.token)


def test_a_child_that_closes_and_wins_is_told(held: Hold, queue: str) -> None:
    flow, task, _ = held(open_group("g", RACE, 2), child("g/c", "below", task_queue=queue, group="g"))
    below = flow.task()
    flow.complete(below.token, b"7")
    resolved = flow.next("groups", SOON)
    assert resolved.token == task.token and resolved.groups[0].winner == "g/c"
    assert resolved.steps[0].output.data == b"7"
    flow.complete(task.token)


def test_a_deadline_that_passes_over_local_members_alone_is_told(held: Hold) -> None:
    flow, task, _ = held(open_group("g", COLLECT_ALL, 2, deadline=duration(0.3)))
    resolved = flow.next("groups", SOON)
    assert resolved.token == task.token and not resolved.steps
    assert [(group.key, group.verdict) for group in resolved.groups] == [("g", DEADLINE)]
    answer = flow.go_on(task.token, local_result("g/late", b"1", group="g"))
    assert answer.resolved_groups[0].verdict == DEADLINE
    flow.complete(task.token)


def test_a_deadline_that_passes_is_in_the_next_task_of_a_run_that_suspended(held: Hold) -> None:
    """Nothing of the group is recorded that the deadline would cancel, and the run was handed out after it was opened."""
    flow, task, _ = held(open_group("g", COLLECT_ALL, 0, deadline=duration(1.5)))
    report = worker.WorkflowReport(give_back=worker.GiveBack(reason="evicted", evicted=True))
    flow.report(task.token, workflow=report)
    flow.grant(1)
    task = flow.task()
    assert [group.verdict for group in task.workflow.groups] == [run.GROUP_VERDICT_UNSPECIFIED]
    flow.suspend(task.token, sticky=True)
    flow.grant(1)
    task = flow.task(timeout=SOON)
    assert [(group.key, group.verdict) for group in task.workflow.groups] == [("g", DEADLINE)]
    flow.complete(task.token)


def test_what_the_workers_own_report_resolves_is_in_its_answer_only(held: Hold) -> None:
    flow, task, _ = held(*race("a"))
    activities(flow, 1)
    answer = flow.go_on(task.token, local_result("g/near", b"1", group="g"))
    assert answer.resolved_groups[0].winner == "g/near"
    flow.go_on(task.token, commands=[open_group("h", COLLECT_ALL, 1), schedule("h/a", "x", group="h")])
    activities(flow, 1)
    assert flow.go_on(task.token, commands=[cancel_step("h")]).resolved_groups[0].key == "h"
    flow.expect_nothing("groups", 0.3)
    flow.complete(task.token)


def test_members_that_do_not_fit_are_fetched(held: Hold, service: Service) -> None:
    names = [f"m{number}" for number in range(5)]
    flow, task, _ = held(
        open_group("g", COLLECT_ALL, 5), *(schedule(f"g/{name}", "x", group="g") for name in names), schedule("other", "x")
    )
    others = {**activities(flow, 6)}
    flow.output(others["other"].token, b"o")
    for name in names:
        flow.output(others[name].token, name.encode() * 50_000)
    resolved = flow.next("groups", SOON)
    steps, token = list(resolved.steps), resolved.more_steps_token
    assert 1 <= len(steps) < 5 and token
    while token:
        request = worker_service.FetchStepsRequest(token=task.token, more_steps_token=token)
        page = service.workers.FetchSteps(request, timeout=CALL)
        steps += page.steps
        token = page.more_steps_token
    found = {step.key: step.output.data for step in steps}
    assert {f"g/{name}": name.encode() * 50_000 for name in names}.items() <= found.items()
    flow.complete(task.token)


def test_only_the_groups_that_are_new_are_told(held: Hold) -> None:
    flow, task, _ = held(*race("a"))
    first = activities(flow, 1)
    flow.output(first["a"].token, b"1")
    assert [group.key for group in flow.next("groups", SOON).groups] == ["g"]
    flow.go_on(task.token, commands=[open_group("h", RACE, 2), schedule("h/a", "x", group="h")])
    flow.output(activities(flow, 1)["a"].token, b"2")
    resolved = flow.next("groups", SOON)
    assert [group.key for group in resolved.groups] == ["h"] and states(resolved) == {"h/a": run.STEP_STATE_COMPLETED}
    flow.complete(task.token)


# What is lost on the way


def test_a_worker_that_connects_again_is_told_what_was_resolved_meanwhile(
    held: Hold, service: Service, raw: Any, queue: str
) -> None:
    other = raw(service, queue, activities=["x"])
    other.open()
    flow, task, run_id = held(*race("a"))
    others = activities(flow, 1)
    flow.drop()
    flow.open(held=[task.token])
    # Given back, because the worker does not say that it holds it: another one has it then.
    other.grant(0, 1)
    there = other.task()
    flow.drop()
    assert there.activity.step == others["a"].activity.step
    other.output(there.token, b"1")
    assert service.group(run_id, "g").winner == "g/a"
    assert flow.open(held=[task.token]).resumed
    resolved = flow.next("groups", SOON)
    assert resolved.groups[0].winner == "g/a" and resolved.steps[0].output.data == b"1"
    # And again: it may have been lost with the connection.
    flow.drop()
    flow.open(held=[task.token])
    assert flow.next("groups", SOON).groups[0].winner == "g/a"
    flow.complete(task.token)


class Pair:
    """The victim, behind proxies, and another coordinator on the same database."""

    def __init__(self, postgres: Postgres, new_database: Any, new_coordinator: Any) -> None:
        self.strike = Strike()
        database = new_database()
        self.postgres_proxy = PostgresProxy(postgres.port, self.strike)
        through = database.replace(f":{postgres.port}/", f":{self.postgres_proxy.port}/")
        self.other = new_coordinator(database)
        self.victim = new_coordinator(through + "?sslmode=disable&gssencmode=disable")
        self.worker_proxy = WorkerProxy(int(self.victim.address.rpartition(":")[2]), self.strike)

    def close(self) -> None:
        self.postgres_proxy.close()
        self.worker_proxy.close()


@pytest.fixture
def two(postgres: Postgres, new_database: Any, new_coordinator: Any) -> Any:
    made = Pair(postgres, new_database, new_coordinator)
    yield made
    made.close()


def test_a_member_that_is_settled_at_another_coordinator_is_told_to_the_holder(two: Any, raw: Any, queue: str) -> None:
    here, there = two.other.service(), two.victim.service()
    flow = raw(here, queue, workflows=["w"])
    flow.open()
    flow.grant(5)
    hands = raw(there, queue, activities=["x"])
    hands.open()
    hands.grant(0, 5)
    for _ in range(3):
        task, _ = hold(flow, here, queue, *race("a"))
        hands.output(hands.task().token, b"1")
        resolved = flow.next("groups", SOON)
        assert resolved.token == task.token and resolved.groups[0].winner == "g/a"
        assert resolved.steps[0].output.data == b"1"
        flow.complete(task.token)


@pytest.mark.parametrize("point", ["after commit", "before telling"])
def test_the_holders_coordinator_dies_between_the_commit_and_the_push(
    two: Any, raw: Any, queue: str, point: str
) -> None:
    there = two.victim.service()
    through = Service(f"127.0.0.1:{two.worker_proxy.port}")
    flow = raw(through, queue, workflows=["w"], lease=20)
    flow.open()
    flow.grant(1)
    task, run_id = hold(flow, there, queue, *race("a"))
    hands = raw(two.other.service() if point == "before telling" else there, queue, activities=["x"])
    hands.open()
    hands.grant(0, 1)
    token = hands.task().token
    is_it = (lambda groups: True) if point == "before telling" else (lambda statements: "settle_members_many" in statements)
    two.strike.arm(point, is_it, two.victim.kill)
    hands.send(report=hands.request(token, activity=worker.ActivityReport(output={"data": b"1"})))
    assert two.strike.struck.wait(10)
    with pytest.raises(Ended):
        flow.next("groups", SOON)
    flow.drop()
    assert two.other.service().group(run_id, "g").winner == "g/a"
    assert flow.open(held=[task.token], service=two.other.service()).resumed
    resolved = flow.next("groups", SOON)
    assert resolved.token == task.token and resolved.groups[0].winner == "g/a"
    assert resolved.steps[0].output.data == b"1"
    flow.complete(task.token)
    assert two.other.service().wait(run_id).status == run.RUN_STATUS_COMPLETED
    through.close()


def test_the_settling_coordinator_dies_before_it_announces_and_the_holder_hears_from_the_scan(
    two: Any, raw: Any, queue: str
) -> None:
    here, there = two.other.service(), two.victim.service()
    flow = raw(here, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    task, run_id = hold(flow, here, queue, *race("a"))
    hands = raw(there, queue, activities=["x"])
    hands.open()
    hands.grant(0, 1)
    token = hands.task().token
    two.strike.arm("after commit", lambda statements: "settle_members_many" in statements, two.victim.kill)
    hands.send(report=hands.request(token, activity=worker.ActivityReport(output={"data": b"1"})))
    assert two.strike.struck.wait(10)
    resolved = flow.next("groups", 25)
    assert resolved.token == task.token and resolved.groups[0].winner == "g/a"
    assert resolved.steps[0].output.data == b"1"
    # The next scan does not repeat it.
    flow.expect_nothing("groups", 11)
    flow.complete(task.token)


# Workers of unary calls


def test_a_unary_worker_is_told_by_its_heartbeat(service: Service, raw: Any, queue: str) -> None:
    unary = UnaryWorker(service, queue)
    run_id = service.start("w", queue)
    task = unary.task()
    report = worker.TaskReport(report_id=1, token=task.token)
    getattr(report.workflow, "continue").SetInParent()
    report.workflow.commands.extend([open_group("g", RACE, 2), schedule("g/a", "y", group="g")])
    assert not unary.report(report)[0].HasField("rejection")
    hands = raw(service, queue, activities=["y"])
    hands.open()
    hands.grant(0, 1)
    answers = unary.heartbeat()
    unary.beats.put(worker.Beat())
    assert next(answers).WhichOneof("message") == "beat"
    hands.output(hands.task().token, b"1")
    told = next(answers)
    assert told.groups.token == task.token and told.groups.groups[0].winner == "g/a"
    assert told.groups.steps[0].output.data == b"1"
    unary.beats.put(None)
    assert not list(answers)
    # One heartbeat a call learns it as well.
    again = unary.heartbeat()
    unary.beats.put(worker.Beat())
    kinds = {next(again).WhichOneof("message") for _ in range(2)}
    assert kinds == {"beat", "groups"}
    unary.beats.put(None)
    unary.report(completion(task.token))
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


# By an SDK


def reports(process: Process) -> list[str]:
    return [line for line in process.lines if line.startswith("report ")]


@pytest.mark.parametrize("place", ["here", "there"])
def test_checklist_15_a_local_member_is_cancelled_when_an_activity_wins_and_nobody_asked(
    two: Any, raw: Any, new_worker: Any, queue: str, place: str
) -> None:
    """The local member never ends by itself, so the run closes only because its worker is told."""
    here, there = two.other.service(), two.victim.service()
    process = new_worker("mixed.py", "--address", here.address, "--queue", queue)
    process.wait_line("welcome")
    hands = raw(here if place == "here" else there, queue, activities=["far"])
    hands.open()
    hands.grant(0, 1)
    run_id = here.start("race", queue)
    token = hands.task().token
    process.wait_line("near began")
    hands.output(token, b"7")
    closed = here.wait(run_id, SOON)
    assert closed.status == run.RUN_STATUS_COMPLETED and b'"far"' in closed.output.data
    process.wait_line("near cancelled")
    assert reports(process) == ["report continue", "report complete"]


def test_a_local_member_is_cancelled_when_the_deadline_passes_and_nobody_asked(
    service: Service, new_worker: Any, queue: str
) -> None:
    process = new_worker("mixed.py", "--address", service.address, "--queue", queue)
    process.wait_line("welcome")
    run_id = service.start("deadline", queue)
    closed = service.wait(run_id, SOON)
    assert closed.status == run.RUN_STATUS_COMPLETED and closed.output.data == b'["near"]'
    process.wait_line("near cancelled")
    assert reports(process) == ["report continue", "report complete"]
