"""Parallel groups: joined by the coordinator, in Postgres, over a worker without an SDK."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import (
    Coordinator, RawWorker, cancel_step, child, common, duration, local_failure, local_result, open_group, policy, run, schedule, worker,
    worker_service, workflow_service,
)  # fmt: skip
from harness.service import CALL

FAIL_FAST = run.GROUP_STRATEGY_FAIL_FAST
COLLECT_ALL = run.GROUP_STRATEGY_COLLECT_ALL
RACE = run.GROUP_STRATEGY_RACE
QUORUM = run.GROUP_STRATEGY_QUORUM

OPEN = run.GROUP_VERDICT_UNSPECIFIED
SUCCEEDED = run.GROUP_VERDICT_SUCCEEDED
FAILED = run.GROUP_VERDICT_FAILED
DEADLINE = run.GROUP_VERDICT_DEADLINE
CANCELLED = run.GROUP_VERDICT_CANCELLED

Start = Callable[..., tuple[RawWorker, Any, str]]


@pytest.fixture
def start(service: Any, raw: Any, queue: str) -> Start:
    """A worker that holds the first task of a new run: the worker, the task, the run's id."""

    def begin(activities: int = 20) -> tuple[RawWorker, Any, str]:
        flow = raw(service, queue, workflows=["w"], activities=["x"])
        flow.open()
        flow.grant(5, activities)
        run_id = service.start("w", queue)
        return flow, flow.task(), run_id

    return begin


def members(group: str, *names: str, **fields: Any) -> list[Any]:
    return [schedule(f"{group}/{name}", "x", group=group, **fields) for name in names]


def tasks(flow: RawWorker, count: int) -> dict[str, Any]:
    """Activity tasks by their step's name within the group."""
    taken = [flow.task() for _ in range(count)]
    return {task.activity.step.rsplit("/", 1)[-1]: task for task in taken}


def states(task: Any) -> dict[str, int]:
    return {step.key: step.state for step in task.workflow.steps}


def test_checklist_14_the_run_is_woken_once_when_all_members_are_settled(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.suspend(task.token, open_group("g", FAIL_FAST, 3), *members("g", "a", "b", "c"), sticky=True)
    held = tasks(flow, 3)
    flow.output(held["c"].token, b"3")
    flow.output(held["a"].token, b"1")
    flow.expect_nothing("task", 0.3)
    group = service.group(run_id, "g")
    assert (group.verdict, group.succeeded, group.failed, group.member_count) == (OPEN, 2, 0, 3)
    flow.output(held["b"].token, b"2")
    task = flow.task()
    assert task.workflow.delta
    assert {step.key: step.output.data for step in task.workflow.steps} == {"g/a": b"1", "g/b": b"2", "g/c": b"3"}
    assert [(record.key, record.verdict, record.succeeded) for record in task.workflow.groups] == [("g", SUCCEEDED, 3)]
    flow.complete(task.token)
    flow.expect_nothing("task", 0.3)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_checklist_12_fail_fast_ends_at_the_first_permanent_failure_and_cancels_the_others(
    start: Start, service: Any
) -> None:
    flow, task, run_id = start()
    flow.suspend(task.token, open_group("g", FAIL_FAST, 4), *members("g", "a", "b", "c", "d"), sticky=True)
    held = tasks(flow, 4)
    flow.output(held["a"].token, b"1")
    flow.failure(held["b"].token, common.ERROR_KIND_VALIDATION_FAILED)
    told = {flow.next("cancel", 5).token, flow.next("cancel", 5).token}
    assert told == {held["c"].token, held["d"].token}
    task = flow.task()
    record = task.workflow.groups[0]
    assert (record.verdict, record.failed_step, record.succeeded, record.failed) == (FAILED, "g/b", 1, 1)
    assert states(task) == {
        "g/a": run.STEP_STATE_COMPLETED, "g/b": run.STEP_STATE_FAILED,
        "g/c": run.STEP_STATE_CANCELLED, "g/d": run.STEP_STATE_CANCELLED,
    }  # fmt: skip
    late = flow.output(held["c"].token, b"3")
    assert late.rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    assert service.step(run_id, "g/c").state == run.STEP_STATE_CANCELLED
    assert flow.report(held["d"].token, activity=worker.ActivityReport(cancelled=worker.Cancelled())).decisions
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_checklist_12_collect_all_waits_for_all_and_gives_results_and_failures(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    names = [f"m{index}" for index in range(8)]
    flow.suspend(task.token, open_group("g", COLLECT_ALL, 8), *members("g", *names), sticky=True)
    held = tasks(flow, 8)
    flow.failure(held["m3"].token, common.ERROR_KIND_BUSINESS_LOGIC_ERROR)
    flow.expect_nothing("task", 0.2)
    for name in names:
        if name != "m3":
            flow.output(held[name].token)
    task = flow.task()
    record = task.workflow.groups[0]
    assert (record.verdict, record.succeeded, record.failed) == (SUCCEEDED, 7, 1)
    assert len(task.workflow.steps) == 8 and states(task)["g/m3"] == run.STEP_STATE_FAILED
    flow.complete(task.token)
    assert service.group(run_id, "g").HasField("resolved_at")


def test_checklist_15_a_race_has_one_winner_that_a_replay_sees_too(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.suspend(task.token, open_group("g", RACE, 3), *members("g", "a", "b", "c"), sticky=True)
    held = tasks(flow, 3)
    flow.failure(held["a"].token, common.ERROR_KIND_NOT_FOUND)
    flow.expect_nothing("task", 0.2)
    flow.output(held["c"].token, b"3")
    assert flow.next("cancel", 5).token == held["b"].token
    task = flow.task()
    record = task.workflow.groups[0]
    assert (record.verdict, record.winner, record.succeeded, record.failed) == (SUCCEEDED, "g/c", 1, 1)
    assert flow.output(held["b"].token, b"2").HasField("rejection")
    # The whole task says the same.
    flow.report(
        task.token, workflow=worker.WorkflowReport(give_back=worker.GiveBack(evicted=True)),
    )  # fmt: skip
    whole = flow.task()
    assert not whole.workflow.delta
    assert whole.workflow.groups[0] == record
    assert states(whole)["g/b"] == run.STEP_STATE_CANCELLED
    flow.complete(whole.token)
    assert service.group(run_id, "g").winner == "g/c"


def test_checklist_15_a_race_that_all_lose_fails_naming_each(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.suspend(task.token, open_group("g", RACE, 2), *members("g", "a", "b"), sticky=True)
    held = tasks(flow, 2)
    for name in ("a", "b"):
        flow.failure(held[name].token, common.ERROR_KIND_NOT_FOUND, f"{name} is nowhere")
    task = flow.task()
    assert (task.workflow.groups[0].verdict, task.workflow.groups[0].winner) == (FAILED, "")
    assert {step.failure.message for step in task.workflow.steps} == {"a is nowhere", "b is nowhere"}


@pytest.mark.parametrize("succeed,verdict,cancelled", [(2, SUCCEEDED, 1), (0, FAILED, 1)])
def test_a_quorum_ends_when_it_is_reached_or_out_of_reach(
    start: Start, service: Any, succeed: int, verdict: int, cancelled: int
) -> None:
    flow, task, run_id = start()
    flow.suspend(task.token, open_group("g", QUORUM, 4, quorum=2), *members("g", "a", "b", "c", "d"), sticky=True)
    held = tasks(flow, 4)
    flow.failure(held["a"].token, common.ERROR_KIND_NOT_FOUND)
    for name in ("b", "c"):
        if succeed:
            flow.output(held[name].token)
        else:
            flow.failure(held[name].token, common.ERROR_KIND_NOT_FOUND)
    task = flow.task()
    assert task.workflow.groups[0].verdict == verdict
    assert list(states(task).values()).count(run.STEP_STATE_CANCELLED) == cancelled
    assert flow.next("cancel", 5).token == held["d"].token


def test_a_failure_that_is_retried_does_not_settle_its_member(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.suspend(
        task.token, open_group("g", FAIL_FAST, 2), *members("g", "a", "b", retry_policy=policy(2)), sticky=True
    )
    held = tasks(flow, 2)
    assert flow.failure(held["a"].token, common.ERROR_KIND_NOT_FOUND).decisions[0].HasField("retry")
    flow.output(held["b"].token)
    flow.grant(0, 1)
    again = flow.task()
    assert again.activity.step == "g/a" and again.attempt == 2
    flow.output(again.token)
    task = flow.task()
    assert task.workflow.groups[0].verdict == SUCCEEDED and task.workflow.groups[0].failed == 0


def test_local_members_are_joined_in_the_report_that_settles_them(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    answer = flow.go_on(task.token, local_result("g/a", b"1", group="g"), commands=[open_group("g", COLLECT_ALL, 2)])
    assert not answer.resolved_groups and answer.decisions[0].HasField("recorded")
    answer = flow.go_on(task.token, local_failure("g/b", common.ERROR_KIND_NOT_FOUND, group="g"))
    assert answer.decisions[0].HasField("failed_for_good")
    record = answer.resolved_groups[0]
    assert (record.key, record.verdict, record.succeeded, record.failed) == ("g", SUCCEEDED, 1, 1)
    # The worker knows all of it: suspending does not bring the run back.
    flow.suspend(task.token, schedule("after", "x"), sticky=True)
    after = flow.task()
    assert after.activity.step == "after"
    flow.output(after.token)
    task = flow.task()
    assert states(task) == {"after": run.STEP_STATE_COMPLETED} and not task.workflow.groups
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_mixed_members_a_local_winner_cancels_the_activities(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.go_on(task.token, commands=[open_group("g", RACE, 3), *members("g", "a", "b")])
    held = tasks(flow, 2)
    answer = flow.go_on(task.token, local_result("g/local", b"7", group="g"))
    assert answer.resolved_groups[0].winner == "g/local"
    assert {flow.next("cancel", 5).token, flow.next("cancel", 5).token} == {held["a"].token, held["b"].token}
    assert flow.output(held["a"].token).HasField("rejection")
    # Members that the worker has no record of yet come at once when it suspends.
    flow.suspend(task.token, sticky=True)
    task = flow.task()
    assert states(task) == {"g/a": run.STEP_STATE_CANCELLED, "g/b": run.STEP_STATE_CANCELLED}
    assert task.workflow.groups[0].winner == "g/local"
    flow.complete(task.token)


def test_mixed_members_an_activity_winner_makes_a_late_local_result_void(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.go_on(task.token, commands=[open_group("g", RACE, 2), *members("g", "a")])
    held = tasks(flow, 1)
    flow.output(held["a"].token, b"1")
    answer = flow.go_on(task.token, local_result("g/local", b"7", group="g"))
    assert answer.decisions[0].HasField("recorded")
    assert (answer.resolved_groups[0].winner, answer.resolved_groups[0].succeeded) == ("g/a", 1)
    retried = local_failure("g/other", common.ERROR_KIND_TIMEOUT, group="g", policy=policy(3))
    answer = flow.go_on(task.token, retried)
    assert answer.decisions[0].HasField("recorded") and answer.resolved_groups[0].winner == "g/a"
    assert [step.key for step in service.steps(run_id)] == ["g/a"]
    flow.suspend(task.token, sticky=True)
    task = flow.task()
    assert states(task) == {"g/a": run.STEP_STATE_COMPLETED} and task.workflow.groups[0].winner == "g/a"
    flow.complete(task.token)


def test_a_report_that_resolves_its_group_and_suspends_comes_back_at_once(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.go_on(task.token, commands=[open_group("g", COLLECT_ALL, 1)])
    flow.suspend(task.token, results=[local_result("g/a", group="g")], sticky=True)
    task = flow.task()
    assert task.workflow.groups[0].verdict == SUCCEEDED
    flow.complete(task.token)


def test_members_of_an_open_ended_group_wake_the_run_one_by_one(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.suspend(task.token, open_group("g", FAIL_FAST), *members("g", "a", "b"), sticky=True)
    held = tasks(flow, 2)
    flow.output(held["a"].token, b"1")
    task = flow.task()
    assert states(task) == {"g/a": run.STEP_STATE_COMPLETED} and not task.workflow.groups
    flow.suspend(task.token, *members("g", "c"), sticky=True)
    held |= tasks(flow, 1)
    flow.failure(held["b"].token, common.ERROR_KIND_NOT_FOUND)
    assert flow.next("cancel", 5).token == held["c"].token
    task = flow.task()
    assert task.workflow.groups[0].verdict == FAILED and task.workflow.groups[0].failed_step == "g/b"
    # What is reported after the end is cancelled at once, and told.
    flow.suspend(task.token, *members("g", "d"), sticky=True)
    task = flow.task()
    assert states(task) == {"g/d": run.STEP_STATE_CANCELLED}
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_a_deadline_resolves_a_group_with_what_is_there(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    begin = time.monotonic()
    flow.suspend(
        task.token, open_group("g", COLLECT_ALL, 2, deadline=duration(0.5)), *members("g", "a", "b"), sticky=True
    )
    held = tasks(flow, 2)
    flow.output(held["a"].token, b"1")
    task = flow.task(timeout=5)
    assert time.monotonic() - begin >= 0.5
    assert (task.workflow.groups[0].verdict, task.workflow.groups[0].succeeded) == (DEADLINE, 1)
    assert states(task) == {"g/a": run.STEP_STATE_COMPLETED, "g/b": run.STEP_STATE_CANCELLED}
    assert flow.next("cancel", 5).token == held["b"].token
    flow.complete(task.token)


def test_a_limit_lets_no_more_than_so_many_members_out_at_a_time(start: Start, service: Any) -> None:
    flow, task, run_id = start(activities=50)
    names = [f"m{index:02}" for index in range(12)]
    flow.suspend(task.token, open_group("g", COLLECT_ALL, 12, max_concurrency=3), *members("g", *names), sticky=True)
    held: list[Any] = []
    order: list[str] = []
    while len(order) < 12:
        while len(held) < min(3, 12 - len(order)):
            held.append(flow.task(timeout=5))
        flow.expect_nothing("task", 0.05)
        out = [s for s in service.steps(run_id) if s.state in (run.STEP_STATE_READY, run.STEP_STATE_RUNNING)]
        assert len(out) == len(held) <= 3
        done = held.pop(0)
        order.append(done.activity.step)
        if len(order) % 5 == 0:
            flow.failure(done.token, common.ERROR_KIND_NOT_FOUND)
        else:
            flow.output(done.token)
    # The first three are ready at one instant.
    expected = [f"g/{name}" for name in names]
    assert sorted(order[:3]) + order[3:] == expected, "let go in the order they were scheduled"
    task = flow.task()
    assert (task.workflow.groups[0].succeeded, task.workflow.groups[0].failed) == (10, 2)
    flow.complete(task.token)


def test_cancelling_a_step_or_a_group_tells_its_workers(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.go_on(
        task.token, commands=[open_group("g", COLLECT_ALL, 2), *members("g", "a", "b"), schedule("plain", "x")],
    )  # fmt: skip
    held = tasks(flow, 3)
    flow.go_on(task.token, commands=[cancel_step("plain"), schedule("never", "x"), cancel_step("never")])
    assert flow.next("cancel", 5).token == held["plain"].token
    assert service.step(run_id, "plain").state == run.STEP_STATE_CANCELLED
    assert service.step(run_id, "never").state == run.STEP_STATE_CANCELLED
    answer = flow.go_on(task.token, commands=[cancel_step("g"), cancel_step("unheard-of")])
    assert answer.resolved_groups[0].verdict == CANCELLED
    assert {flow.next("cancel", 5).token, flow.next("cancel", 5).token} == {held["a"].token, held["b"].token}
    flow.suspend(task.token, sticky=True)
    task = flow.task()
    assert states(task) == dict.fromkeys(("g/a", "g/b", "plain", "never"), run.STEP_STATE_CANCELLED)
    flow.complete(task.token)
    flow.expect_nothing("task", 0.2)


def test_a_child_may_be_a_member_and_is_stopped_when_it_loses(start: Start, service: Any, queue: str) -> None:
    flow, task, run_id = start()
    flow.suspend(
        task.token, open_group("g", RACE, 2), child("g/child", "w", group="g"), *members("g", "a"), sticky=True
    )
    first, second = flow.task(), flow.task()
    inner, activity = (first, second) if first.HasField("workflow") else (second, first)
    flow.output(activity.token, b"1")
    task = flow.task()
    assert task.run_id == run_id and task.workflow.groups[0].winner == "g/a"
    assert states(task)["g/child"] == run.STEP_STATE_CANCELLED
    assert flow.next("cancel", 5).token == inner.token
    flow.report(
        inner.token,
        workflow=worker.WorkflowReport(
            fail=worker.Fail(failure=common.Failure(kind=common.ERROR_KIND_CANCELLED, message="as asked"))
        ),
    )
    assert service.wait(inner.run_id).status == run.RUN_STATUS_CANCELLED
    # And one that wins resolves the group.
    flow.suspend(task.token, open_group("h", RACE, 2), child("h/child", "w", group="h"), *members("h", "a"), sticky=True)
    first, second = flow.task(), flow.task()
    inner, activity = (first, second) if first.HasField("workflow") else (second, first)
    flow.complete(inner.token, b"5")
    task = flow.task()
    assert task.workflow.groups[0].winner == "h/child"
    assert flow.next("cancel", 5).token == activity.token
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_closing_a_run_cancels_its_open_groups(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.suspend(task.token, open_group("g", COLLECT_ALL, 1), *members("g", "a"))
    held = tasks(flow, 1)
    service.terminate(run_id)
    assert flow.next("cancel", 5).token == held["a"].token
    group = service.group(run_id, "g")
    assert group.verdict == CANCELLED and group.HasField("resolved_at")


BAD = [
    ([open_group("g", RACE)], "race without members"),
    ([open_group("g", QUORUM)], "quorum without members"),
    ([open_group("g", QUORUM, 3)], "quorum of 0"),
    ([open_group("g", QUORUM, 3, quorum=4)], "quorum of 4"),
    ([open_group("g", COLLECT_ALL, 20_001)], "20000 members"),
    ([open_group("g", 9, 1)], "newer"),
    ([open_group("", RACE, 1)], "512 bytes"),
    ([open_group("g", RACE, 1), open_group("g", RACE, 1)], "twice"),
    ([open_group("g", RACE, 1, deadline=duration(0))], "deadline"),
    (members("unknown", "a"), "neither recorded nor opened"),
    ([open_group("g", RACE, 1), schedule("elsewhere/a", "x", group="g")], "not named after its group"),
    ([cancel_step("")], "512 bytes"),
]


@pytest.mark.parametrize("commands,words", BAD, ids=[words for _, words in BAD])
def test_a_report_that_makes_no_sense_is_refused_whole(
    start: Start, service: Any, commands: list[Any], words: str
) -> None:
    flow, task, run_id = start()
    answer = flow.go_on(task.token, local_result("good"), commands=commands)
    assert answer.rejection.reason == worker.REJECTION_REASON_INVALID and words in answer.rejection.message, answer
    assert not service.steps(run_id) and not service.groups(run_id)
    assert not flow.go_on(task.token, local_result("good")).HasField("rejection"), "the task is still held"


def test_checklist_15_the_progress_of_groups_can_be_queried(
    start: Start, service: Any, shared: Coordinator, binary: Path
) -> None:
    flow, task, run_id = start()
    flow.go_on(
        task.token,
        local_result("outer/left/deep", b"1", group="outer/left"),
        commands=[
            open_group("outer", QUORUM, 3, quorum=2, deadline=duration(60)),
            open_group("outer/left", COLLECT_ALL, 2, parent_step="outer/left"),
            *members("outer", "a", "b"), open_group("late", RACE, 1, max_concurrency=7),
        ],
    )  # fmt: skip
    held = tasks(flow, 2)
    flow.output(held["b"].token)
    groups = {group.key: group for group in service.groups(run_id, page_size=1)}
    assert list(groups) == ["outer", "outer/left", "late"], "in the order they were opened"
    outer = groups["outer"]
    assert (outer.strategy, outer.quorum, outer.succeeded, outer.verdict) == (QUORUM, 2, 1, OPEN)
    assert outer.HasField("deadline_at") and not outer.HasField("resolved_at")
    assert (groups["outer/left"].parent_step, groups["outer/left"].succeeded) == ("outer/left", 1)
    assert groups["late"].max_concurrency == 7
    assert service.step(run_id, "outer/b").group == "outer"
    command = [binary, "workflow", "groups", run_id, "--address", shared.address]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.splitlines()
    assert shown[0].split() == ["GROUP", "STRATEGY", "VERDICT", "MEMBERS", "SUCCEEDED", "FAILED", "TOOK", "WINNER"]
    assert shown[1].split() == ["outer", "QUORUM", "2", "OPEN", "3", "1", "0", "-"]
    asked = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=30).stdout)
    assert [group["key"] for group in asked] == ["outer", "outer/left", "late"]
    # A member of the inner group and one of the outer end what they belong to, and nothing else.
    answer = flow.go_on(task.token, local_failure("outer/left/other", common.ERROR_KIND_NOT_FOUND, group="outer/left"))
    assert [record.key for record in answer.resolved_groups] == ["outer/left"]
    answer = flow.go_on(task.token, local_result("outer/left", group="outer"))
    assert [(record.key, record.succeeded) for record in answer.resolved_groups] == [("outer", 2)]
    assert flow.next("cancel", 5).token == held["a"].token
    flow.complete(task.token)
    assert service.group(run_id, "late").verdict == CANCELLED


def test_a_member_that_is_held_back_for_too_long_fails(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    flow.suspend(
        task.token, open_group("g", COLLECT_ALL, 2, max_concurrency=1),
        *members("g", "a", retry_policy=policy(1)),
        *members("g", "b", schedule_to_close_timeout=duration(0.6), retry_policy=policy(1)), sticky=True,
    )  # fmt: skip
    held = tasks(flow, 1)
    failed = service.wait_step(run_id, "g/b", run.STEP_STATE_FAILED)
    assert failed.failure.kind == common.ERROR_KIND_TIMEOUT
    flow.output(held["a"].token)
    task = flow.task()
    assert task.workflow.groups[0].verdict == SUCCEEDED and states(task)["g/b"] == run.STEP_STATE_FAILED
    flow.complete(task.token)


def test_a_retried_run_opens_its_failed_group_again_with_the_members_it_has(start: Start, service: Any) -> None:
    flow, task, run_id = start()
    opening = [open_group("g", FAIL_FAST, 3), *members("g", "a", "b", "c", retry_policy=policy(1))]
    flow.suspend(task.token, *opening)
    held = tasks(flow, 3)
    flow.output(held["a"].token, b"1")
    flow.failure(held["b"].token, common.ERROR_KIND_NOT_FOUND)
    task = flow.task()
    flow.report(
        task.token,
        workflow=worker.WorkflowReport(
            fail=worker.Fail(failure=common.Failure(kind=common.ERROR_KIND_NOT_FOUND, message="b failed"))
        ),
    )
    assert service.wait(run_id).status == run.RUN_STATUS_FAILED
    service.workflows.RetryRun(workflow_service.RetryRunRequest(run_id=run_id), timeout=CALL)
    task = flow.task()
    assert states(task) == {"g/a": run.STEP_STATE_COMPLETED} and not task.workflow.groups
    flow.suspend(task.token, *opening, sticky=True)
    again = tasks(flow, 2)
    assert sorted(again) == ["b", "c"]
    assert service.group(run_id, "g").succeeded == 1
    for name in again:
        flow.output(again[name].token)
    task = flow.task()
    assert (task.workflow.groups[0].verdict, task.workflow.groups[0].succeeded) == (SUCCEEDED, 3)
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


# Crashes


def test_checklist_14_only_unfinished_members_run_again_when_their_worker_dies(
    service: Any, raw: Any, queue: str
) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(2)
    dying, other = raw(service, queue, activities=["x"], lease=1), raw(service, queue, activities=["x"])
    dying.open()
    dying.grant(0, 4)
    run_id = service.start("w", queue)
    flow.suspend(
        flow.task().token, open_group("g", COLLECT_ALL, 4), *members("g", "a", "b", "c", "d", retry_policy=policy(3)),
        sticky=True,
    )  # fmt: skip
    held = tasks(dying, 4)
    dying.output(held["a"].token, b"1")
    dying.output(held["c"].token, b"3")
    dying.drop()
    other.open()
    other.grant(0, 4)
    again = tasks(other, 2)
    assert sorted(again) == ["b", "d"] and {task.attempt for task in again.values()} == {2}
    for task in again.values():
        other.output(task.token)
    task = flow.task()
    assert task.workflow.groups[0].succeeded == 4
    assert {step.key: step.attempt for step in task.workflow.steps} == {"g/a": 1, "g/b": 2, "g/c": 1, "g/d": 2}
    flow.complete(task.token)


def test_checklist_15_the_winner_stays_when_the_workflows_worker_dies(service: Any, raw: Any, queue: str) -> None:
    first, second = raw(service, queue, workflows=["w"], lease=1), raw(service, queue, workflows=["w"])
    hands = raw(service, queue, activities=["x"])
    for worker_ in (first, hands):
        worker_.open()
    first.grant(1)
    hands.grant(0, 3)
    run_id = service.start("w", queue)
    first.go_on(first.task().token, commands=[open_group("g", RACE, 3), *members("g", "a", "b")])
    held = tasks(hands, 2)
    hands.output(held["b"].token, b"2")
    first.drop()
    second.open()
    second.grant(1)
    task = second.task()
    assert not task.workflow.delta and task.workflow.groups[0].winner == "g/b"
    # The function runs again from the beginning: it opens the group again, and its local member is late.
    answer = second.go_on(
        task.token, local_result("g/c", b"3", group="g"), commands=[open_group("g", RACE, 3), *members("g", "a", "b")]
    )
    assert answer.resolved_groups[0].winner == "g/b"
    assert {step.key: step.state for step in service.steps(run_id)} == {
        "g/a": run.STEP_STATE_CANCELLED, "g/b": run.STEP_STATE_COMPLETED,
    }  # fmt: skip
    second.complete(task.token)


@pytest.mark.parametrize("waits", [True, False], ids=["after-the-answer", "before-the-answer"])
def test_checklist_15_a_killed_coordinator_loses_neither_the_winner_nor_the_wake_up(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str, waits: bool
) -> None:
    coordinator = new_coordinator(new_database())
    service = coordinator.service()
    flow = raw(service, queue, workflows=["w"], activities=["x"], lease=20)
    flow.open()
    flow.grant(1, 3)
    run_id = service.start("w", queue)
    flow.suspend(flow.task().token, open_group("g", RACE, 3), *members("g", "a", "b", "c"))
    held = tasks(flow, 3)
    report = flow.request(held["b"].token, activity=worker.ActivityReport(output=common.Payload(data=b"2")))
    flow.send(report=report)
    if waits:
        flow.answer(report.report_id)
    coordinator.kill()
    coordinator.start()
    flow.drop()
    flow.open(held=[task.token for task in held.values()])
    flow.grant(1)
    if not waits:
        flow.send(report=report)
        assert not flow.answer(report.report_id).HasField("rejection")
    task = flow.task(timeout=20)
    assert task.workflow.groups[0].winner == "g/b" == service.group(run_id, "g").winner
    assert flow.output(held["a"].token).rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    coordinator.kill()
    coordinator.start()
    flow.drop()
    flow.open(held=[task.token])
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
    assert service.group(run_id, "g").winner == "g/b"


def test_a_worker_that_was_not_told_of_a_cancelled_member_hears_of_it_later(
    new_coordinator: Any, new_database: Any, postgres: Any, raw: Any, queue: str
) -> None:
    """As after a coordinator that died between a commit and its pushes."""
    database = new_database()
    service = new_coordinator(database).service()
    flow = raw(service, queue, workflows=["w"], activities=["x"])
    flow.open()
    flow.grant(1, 1)
    service.start("w", queue)
    flow.suspend(flow.task().token, open_group("g", COLLECT_ALL, 1), *members("g", "a"))
    held = tasks(flow, 1)
    postgres.query(
        database, "UPDATE kagzi.steps SET state = 7, settled_seq = 9, session_id = NULL, deadline_at = NULL"
    )
    assert list(flow.next("lost", 30).tokens) == [held["a"].token]


# Many


class Hands:
    """An activity worker that answers every task at once, in its own thread, many reports in flight."""

    def __init__(self, worker_: RawWorker, slots: int, fails: Callable[[str], bool] = lambda step: False) -> None:
        self.worker = worker_
        self.fails = fails
        self.done = 0
        self._slots = slots
        worker_.open()
        worker_.grant(0, slots)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                task = self.worker.next("task", 600)
                report = self.worker.request(task.token, grant=worker.SlotGrant(activity_slots=1))
                if self.fails(task.activity.step):
                    report.activity.failure.CopyFrom(common.Failure(kind=common.ERROR_KIND_NOT_FOUND, message="no"))
                else:
                    report.activity.output.CopyFrom(common.Payload(data=task.activity.step.encode(), encoding="bytes"))
                self.worker.send(report=report)
                self.worker.forget("answer", "cancel", "beat")
                self.done += 1
        except Exception:  # the worker was dropped: the test is over
            return


def all_steps(service: Any, task: Any) -> tuple[list[Any], int]:
    """The steps of a task with those that did not fit, and how many times was fetched."""
    steps, token, fetched = list(task.workflow.steps), task.workflow.more_steps_token, 0
    while token:
        request = worker_service.FetchStepsRequest(token=task.token, more_steps_token=token)
        page = service.workers.FetchSteps(request, timeout=CALL)
        steps += page.steps
        token = page.more_steps_token
        fetched += 1
    return steps, fetched


@pytest.mark.parametrize("strategy", [COLLECT_ALL, FAIL_FAST, RACE, QUORUM])
def test_two_coordinators_settle_one_group_and_it_is_resolved_once(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str, strategy: int
) -> None:
    database = new_database()
    a, b = new_coordinator(database), new_coordinator(database)
    flow = raw(a.service(), queue, workflows=["w"])
    flow.open()
    flow.grant(20)
    fails = {COLLECT_ALL: "7", FAIL_FAST: "133", RACE: "0123456789", QUORUM: "13579"}[strategy]

    def is_failure(step: str) -> bool:
        return step.endswith(fails) if strategy == FAIL_FAST else strategy != RACE and step[-1] in fails

    hands = [Hands(raw(each.service(), queue, activities=["x"]), 60, is_failure) for each in (a, b, a, b)]
    count, rounds, wakes = 160, 6, 0
    service = b.service()
    run_id = service.start("w", queue)
    task = flow.task()
    for index in range(rounds):
        group = f"g{index}"
        quorum = {"quorum": 60} if strategy == QUORUM else {}
        flow.suspend(
            task.token, open_group(group, strategy, count, **quorum), *members(group, *map(str, range(count))),
            sticky=True,
        )  # fmt: skip
        task = flow.task()
        wakes += 1
        records = {record.key: record for record in task.workflow.groups}
        assert list(records) == [group], "each resolved group is told once"
        record = records[group]
        steps, _ = all_steps(service, task)
        mine = [step for step in steps if step.group == group]
        assert len({step.key for step in mine}) == count and all(step.state >= 5 for step in mine)
        completed = sum(step.state == run.STEP_STATE_COMPLETED for step in mine)
        failed = sum(step.state == run.STEP_STATE_FAILED for step in mine)
        assert (completed, failed) == (record.succeeded, record.failed), "late results changed nothing"
        if strategy == COLLECT_ALL:
            assert (record.verdict, record.succeeded, record.failed) == (SUCCEEDED, 144, 16)
        elif strategy == FAIL_FAST:
            assert record.verdict == FAILED and record.failed_step == f"{group}/133"
        elif strategy == RACE:
            assert record.verdict == SUCCEEDED and record.winner in {s.key for s in mine if s.state == 5}
        else:
            assert record.verdict == SUCCEEDED and record.succeeded >= 60
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
    flow.expect_nothing("task", 0.5)
    assert wakes == rounds
    assert all(hand.done for hand in hands), "all four took part"
    assert [group.verdict for group in service.groups(run_id)].count(OPEN) == 0


def test_ten_thousand_members_are_joined_and_paged_to_the_worker(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    coordinator = new_coordinator(new_database())
    service = coordinator.service()
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(5)
    hands = Hands(raw(service, queue, activities=["x"]), 500)
    run_id = service.start("w", queue)
    task = flow.task()
    seconds: dict[int, float] = {}
    for count in (1_000, 10_000):
        group = f"g{count}"
        begin = time.monotonic()
        flow.suspend(
            task.token, open_group(group, COLLECT_ALL, count), *members(group, *map(str, range(count))), sticky=True
        )
        task = flow.task(timeout=120)
        seconds[count] = (time.monotonic() - begin) / count
        assert [(record.key, record.succeeded) for record in task.workflow.groups] == [(group, count)]
        steps, fetched = all_steps(service, task)
        assert task.workflow.delta and (fetched >= 1 or count == 1_000)
        assert sorted(step.key for step in steps) == sorted(f"{group}/{index}" for index in range(count))
        assert all(step.output.data == step.key.encode() for step in steps)
    print(f"seconds a member: {seconds}")
    assert seconds[10_000] < 3 * seconds[1_000], seconds
    # A replay gets all of it, page by page.
    flow.report(task.token, workflow=worker.WorkflowReport(give_back=worker.GiveBack(evicted=True)))
    whole = flow.task()
    steps, _ = all_steps(service, whole)
    assert not whole.workflow.delta and len({step.key for step in steps}) == len(steps) == 11_000
    assert len(whole.workflow.groups) == 2
    flow.complete(whole.token)
    assert hands.done == 11_000
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
