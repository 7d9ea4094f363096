"""Two coordinators on one database see the same due rows and each other's workers: each thing is done once, by either."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness import (
    Coordinator, RawWorker, Service, common, policy, run, schedule, worker, workflow_service,
)  # fmt: skip

RUNS = 60
SOON = 5.0
"""What is announced comes well within this; the scan beneath comes every 10 s."""


@pytest.fixture
def second(shared: Coordinator, new_coordinator: Any) -> Any:
    """A client of another coordinator on the shared one's database."""
    other = new_coordinator(shared.database).service()
    yield other
    other.close()


def test_due_retries_of_activities_and_runs_happen_once_with_two_coordinators(
    service: Service, second: Service, new_worker: Any, tmp_path: Path, queue: str
) -> None:
    """All retries of all runs fall due at nearly the same moment, at both."""
    journal = tmp_path / "journal"
    for at in (service, second):
        process = new_worker("flaky.py", "--address", at.address, "--queue", queue, "--journal", str(journal), "--slots", "50")
        process.wait_line("welcome")
    starts = []
    for number in range(RUNS):
        request = workflow_service.StartWorkflowRequest(
            workflow_type="flaky", task_queue=queue, retry_policy=policy(3, 0.5),
            input=common.Payload(data=str(number).encode(), encoding="json"),
        )  # fmt: skip
        starts.append((service, second)[number % 2].workflows.StartWorkflow.future(request, timeout=15))
    runs = [start.result().run_id for start in starts]
    executions = Counter(journal_line(run_id, what, attempt) for run_id in runs for what in ("a", "w") for attempt in (1, 2, 3))
    for number, run_id in enumerate(runs):
        closed = service.wait(run_id)
        assert closed.status == run.RUN_STATUS_COMPLETED and json.loads(closed.output.data) == number, service.summary(run_id)
        assert closed.attempt == 3
        attempts = Counter((each.step, each.attempt) for each in second.attempts(run_id) if each.step in ("", "a"))
        assert attempts == Counter([("", 1), ("", 2), ("a", 1), ("a", 2), ("a", 3)])
    assert Counter(journal.read_text().splitlines()) == executions


def journal_line(run_id: str, what: str, attempt: int) -> str:
    return f"{run_id} {what} {attempt}"


@pytest.fixture
def holder(second: Service, raw: Any, queue: str) -> RawWorker:
    """A worker of the other coordinator."""
    flow = raw(second, queue, workflows=["w"], activities=["a"])
    flow.open()
    flow.grant(100, 100)
    return flow


def hold(flow: RawWorker, service: Service, queue: str, count: int) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Runs whose workflow tasks are at work, and runs that wait for activities at work."""
    at_work, waiting = {}, {}
    for _ in range(count):
        run_id = service.start("w", queue)
        at_work[run_id] = flow.task().token
        run_id = service.start("w", queue)
        flow.suspend(flow.task().token, schedule("charge", "a"))
        waiting[run_id] = flow.task().token
    return at_work, waiting


def batch(service: Service, queue: str, action: int) -> int:
    """Runs that were changed."""
    request = workflow_service.BatchRunsRequest(action=action, filter=run.RunFilter(task_queue=queue))
    last = list(service.workflows.BatchRuns(request, timeout=30))[-1]
    assert last.finished and not last.failed
    return int(last.done)


def test_a_batch_of_cancellations_reaches_the_workers_of_the_other_coordinator(
    service: Service, holder: RawWorker, queue: str
) -> None:
    at_work, waiting = hold(holder, service, queue, 20)
    assert batch(service, queue, workflow_service.BATCH_ACTION_CANCEL) == 40
    told = Counter(holder.next("cancel", SOON).token for _ in range(40))
    assert told == Counter([*at_work.values(), *waiting.values()])
    tasks = [holder.task(SOON) for _ in waiting]
    assert {task.run_id for task in tasks} == set(waiting) and all(task.workflow.cancel_requested for task in tasks)
    for token in [*at_work.values(), *(task.token for task in tasks)]:
        holder.fail(token, common.ERROR_KIND_CANCELLED)
    for run_id in [*at_work, *waiting]:
        assert service.wait(run_id).status == run.RUN_STATUS_CANCELLED


def test_a_batch_of_terminations_reaches_them_and_what_is_retried_after_it_is_handed_out_once(
    service: Service, second: Service, holder: RawWorker, queue: str
) -> None:
    at_work, waiting = hold(holder, service, queue, 20)
    assert batch(service, queue, workflow_service.BATCH_ACTION_TERMINATE) == 40
    told: Counter[bytes] = Counter()
    while told.total() < 40:
        message = holder.next_of(("lost", "cancel"), SOON)
        told.update(message.tokens if hasattr(message, "tokens") else [message.token])
    assert told == Counter([*at_work.values(), *waiting.values()])
    for token in at_work.values():
        assert holder.complete(token).rejection.reason == worker.REJECTION_REASON_LEASE_LOST
    # Both coordinators are asked for each, at the same moment: one opens it again.
    request = workflow_service.RetryRunRequest
    calls = [at.workflows.RetryRun.future(request(run_id=run_id)) for run_id in at_work for at in (service, second)]
    for call in calls:
        assert call.exception() is None or "can be retried" in call.exception().details(), call.exception()
    tasks = [holder.task(SOON) for _ in at_work]
    assert {task.run_id for task in tasks} == set(at_work)
    holder.expect_nothing("task", 0.3)
    for task in tasks:
        assert task.attempt == 2
        holder.complete(task.token)
        assert [each.attempt for each in service.attempts(task.run_id) if not each.step] == [1]
