"""Timers survive everything and fire once."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from harness import Postgres, common, policy, run, timer, worker
from harness.raw import duration


@pytest.fixture
def own_postgres(tmp_path: Path) -> Any:
    cluster = Postgres(tmp_path / "postgres")
    cluster.start()
    yield cluster
    cluster.stop()


def test_timers_that_fell_due_while_everything_was_down_fire_once_on_return(
    own_postgres: Postgres, new_coordinator: Any, new_worker: Any, tmp_path: Path, queue: str
) -> None:
    coordinator = new_coordinator(own_postgres.make_database())
    journal = tmp_path / "journal"
    options = ["--address", coordinator.address, "--queue", queue, "--lease", "1", "--journal", str(journal)]
    first = new_worker("simple.py", *options)
    first.wait_line("welcome")
    service = coordinator.service()
    runs = [service.start("sleeper", queue, b"1.5") for _ in range(20)]
    due = 0
    for run_id in runs:
        due = max(due, service.wait_step(run_id, "nap", run.STEP_STATE_WAITING).due_at.ToNanoseconds())
    first.kill()
    coordinator.kill()
    own_postgres.kill()
    time.sleep(max(0, due / 1e9 - time.time()))
    own_postgres.start()
    coordinator.start()
    second = new_worker("simple.py", *options)
    second.wait_line("welcome")
    service = coordinator.service()
    for run_id in runs:
        assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED
        nap = service.step(run_id, "nap")
        assert nap.settled_at.ToNanoseconds() - nap.scheduled_at.ToNanoseconds() >= 1_500_000_000 - 1_000
        settled = [
            change.step_settled.key for change in service.watch(run_id) if change.WhichOneof("change") == "step_settled"
        ]
        assert sorted(settled) == ["after", "nap"]
    woke = Counter(line for line in journal.read_text().splitlines() if line.startswith("woke"))
    assert set(woke) == {f"woke {run_id}" for run_id in runs} and set(woke.values()) == {1}


def test_a_timer_does_not_fire_early_and_not_much_late(service: Any, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(20)
    runs = [service.start("w", queue) for _ in range(20)]
    delays = {}
    for index in range(20):
        task = flow.task()
        delays[task.run_id] = 0.2 + index * 0.01
        flow.suspend(task.token, timer("nap", delays[task.run_id]), sticky=True)
    flow.grant(20)
    for _ in runs:
        task = flow.task(timeout=5)
        assert task.workflow.delta
        flow.complete(task.token)
    late = []
    for run_id in runs:
        nap = service.step(run_id, "nap")
        late.append((nap.settled_at.ToNanoseconds() - nap.scheduled_at.ToNanoseconds()) / 1e6 - delays[run_id] * 1e3)
    assert min(late) >= -0.01, late
    assert sorted(late)[10] < 250, late


def test_a_timer_of_zero_or_of_the_past_fires_at_once(service: Any, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()
    flow.grant(1)
    run_id = service.start("w", queue)
    past = worker.Command(start_timer=worker.StartTimer(key="past", fire_at=Timestamp(seconds=1)))
    flow.suspend(flow.task().token, timer("zero", 0), past)
    flow.grant(2)
    keys: set[str] = set()
    while len(keys) < 2:
        task = flow.task(timeout=5)
        keys = {step.key for step in task.workflow.steps if step.state == run.STEP_STATE_COMPLETED}
        if len(keys) < 2:
            flow.suspend(task.token)
    flow.complete(task.token)
    assert service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_run_timeouts_and_further_attempts_are_not_left_to_the_slow_scan(service: Any, raw: Any, queue: str) -> None:
    flow = raw(service, queue, workflows=["w"])
    flow.open()

    def let_the_timer_loop_look() -> None:
        """When this has fired it has just looked, and would look again in 5 s."""
        flow.grant(1)
        service.start("w", queue, start_delay=duration(0.1))
        flow.task()

    flow.grant(1)
    service.start("w", queue, retry_policy=policy(2, 0.3))
    failing = flow.task()
    let_the_timer_loop_look()
    flow.fail(failing.token, common.ERROR_KIND_UNKNOWN)
    flow.grant(1)
    assert flow.task(timeout=2).attempt == 2
    let_the_timer_loop_look()
    timed_out = service.wait(service.start("w", queue, run_timeout=duration(0.3)))
    assert timed_out.status == run.RUN_STATUS_TIMED_OUT
    late = (timed_out.closed_at.ToNanoseconds() - timed_out.created_at.ToNanoseconds()) / 1e9 - 0.3
    assert -0.001 < late < 2
