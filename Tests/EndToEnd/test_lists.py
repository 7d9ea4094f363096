"""Lists and counts of runs: whatever the filter, they are what a look at every run would give, in order and page by page."""

from __future__ import annotations

import random
from typing import Any

import pytest
from harness import Service, common, run, schedule, timer, worker, workflow_service

CALL = 15.0
STATUSES = [
    run.RUN_STATUS_PENDING, run.RUN_STATUS_RUNNING, run.RUN_STATUS_WAITING, run.RUN_STATUS_SLEEPING,
    run.RUN_STATUS_PAUSED, run.RUN_STATUS_COMPLETED, run.RUN_STATUS_FAILED, run.RUN_STATUS_CANCELLED,
    run.RUN_STATUS_TERMINATED,
]  # fmt: skip


@pytest.fixture
def stored(new_coordinator: Any, new_database: Any, raw: Any) -> tuple[Service, list[Any]]:
    """A coordinator with some 80 runs of every kind, and those runs as it shows them, newest first."""
    service = new_coordinator(new_database()).service()
    types = [f"{name}:{version}" for name in ("order", "refund", "audit") for version in (1, 2, 3)]
    flow = raw(service, "q", workflows=types, activities=["x"])
    flow.open()
    choose = random.Random(7)
    runs = []
    for number in range(80):
        name = choose.choice(["order", "refund", "audit"])
        kind = choose.choice(
            ["pending", "running", "waiting", "sleeping", "paused", "completed", "failed", "cancelled", "terminated"]
        )
        fields: dict[str, Any] = {
            "workflow_version": choose.randint(1, 3), "workflow_id": f"{choose.choice(['eu', 'us', 'eu-x'])}-{number}",
            "tags": {"tier": choose.choice(["gold", "free"])} if number % 3 else {},
        }  # fmt: skip
        if kind == "pending":
            runs.append(service.start(name, "elsewhere", **fields))
            continue
        flow.grant(1)
        run_id = service.start(name, "q", **fields)
        runs.append(run_id)
        task = flow.task()
        assert task.run_id == run_id
        if kind == "waiting":
            flow.suspend(task.token, schedule("a", "x"))
        elif kind == "sleeping":
            flow.suspend(task.token, timer("t", 3_600))
        elif kind == "paused":
            flow.report(task.token, workflow=worker.WorkflowReport(park=worker.Park(reason="test")))
        elif kind == "completed":
            flow.complete(task.token)
        elif kind in ("failed", "cancelled"):
            if kind == "cancelled":
                service.cancel(run_id)
            failure = common.Failure(
                kind=common.ERROR_KIND_CANCELLED if kind == "cancelled" else common.ERROR_KIND_UNKNOWN, message="test"
            )
            flow.report(task.token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure)))
        elif kind == "terminated":
            service.terminate(run_id)
    found = [service.get(run_id) for run_id in reversed(runs)]
    assert {entry.status for entry in found} == set(STATUSES)
    return service, found


def listed(service: Service, wanted: Any, page_size: int) -> list[str]:
    found, token = [], ""
    while True:
        request = workflow_service.ListRunsRequest(filter=wanted, page_size=page_size, page_token=token)
        page = service.workflows.ListRuns(request, timeout=CALL)
        assert len(page.runs) <= page_size
        found += [entry.run_id for entry in page.runs]
        assert len(found) == len(set(found)), "a run is on two pages"
        token = page.next_page_token
        if not token:
            return found


def test_every_filter_gives_what_a_look_at_each_run_gives(stored: Any) -> None:
    service, runs = stored
    choose = random.Random(11)
    hits = 0
    for _ in range(400):
        wanted = run.RunFilter()
        checks = []
        if choose.random() < 0.6:
            statuses = choose.sample(STATUSES, choose.randint(1, 4))
            wanted.statuses.extend(statuses)
            checks.append(lambda entry, statuses=statuses: entry.status in statuses)
        if choose.random() < 0.5:
            name = choose.choice(["order", "refund", "audit", "nothing"])
            wanted.workflow_type = name
            checks.append(lambda entry, name=name: entry.workflow_type == name)
        if choose.random() < 0.3:
            version = choose.randint(1, 4)
            wanted.workflow_version = version
            checks.append(lambda entry, version=version: entry.workflow_version == version)
        if choose.random() < 0.3:
            prefix = choose.choice(["eu", "eu-", "eu-x", "us-1", "%", "nobody"])
            wanted.workflow_id_prefix = prefix
            checks.append(lambda entry, prefix=prefix: entry.workflow_id.startswith(prefix))
        if choose.random() < 0.3:
            tier = choose.choice(["gold", "free", "none"])
            wanted.tags["tier"] = tier
            checks.append(lambda entry, tier=tier: entry.tags.get("tier") == tier)
        if choose.random() < 0.2:
            wanted.task_queue = queue = choose.choice(["q", "elsewhere"])
            checks.append(lambda entry, queue=queue: entry.task_queue == queue)
        if choose.random() < 0.3:
            bound = choose.choice(runs).created_at
            after = choose.random() < 0.5
            getattr(wanted, "created_after" if after else "created_before").CopyFrom(bound)
            checks.append(
                lambda entry, bound=bound, after=after: (entry.created_at.ToNanoseconds() >= bound.ToNanoseconds()) == after
            )
        expected = [entry for entry in runs if all(check(entry) for check in checks)]
        hits += bool(expected)
        got = listed(service, wanted, choose.choice([1, 7, 100, 1_000]))
        assert got == [entry.run_id for entry in expected], wanted
        counts = service.workflows.CountRuns(workflow_service.CountRunsRequest(filter=wanted), timeout=CALL)
        assert counts.total == len(expected), wanted
        by_status = {count.status: count.count for count in counts.counts}
        assert by_status == {
            status: sum(entry.status == status for entry in expected) for status in {entry.status for entry in expected}
        }, wanted
    assert hits > 150


def test_a_span_of_time_long_past_or_to_come_holds_nothing(stored: Any) -> None:
    service, runs = stored
    wanted = run.RunFilter()
    wanted.created_before.FromJsonString("0001-01-02T00:00:00Z")
    assert listed(service, wanted, 100) == []
    wanted = run.RunFilter()
    wanted.created_after.FromJsonString("9999-12-31T00:00:00Z")
    assert listed(service, wanted, 100) == []
    wanted.created_after.FromJsonString("0001-01-02T00:00:00Z")
    wanted.created_before.FromJsonString("9999-12-31T00:00:00Z")
    assert len(listed(service, wanted, 100)) == len(runs)
