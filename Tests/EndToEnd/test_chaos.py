"""kill -9 of anything, at random moments, loses nothing."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from harness import Coordinator, Postgres, Process, Service, common, run, workflow_service

WORKFLOWS = int(os.environ.get("KAGZI_CHAOS_WORKFLOWS", "200"))
SECONDS = float(os.environ.get("KAGZI_CHAOS_SECONDS", "25"))
SEED = int(os.environ.get("KAGZI_CHAOS_SEED", "1"))
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


def until_served(call: Callable[[], Any], seconds: float = 60) -> Any:
    """Repeats a call while nobody serves it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() not in AGAIN or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Driver:
    """Kills and starts again, by a seeded generator."""

    def __init__(
        self, postgres: Postgres, coordinator: Coordinator, workers: list[Process], start_worker: Callable[[int], Process]
    ) -> None:
        self.postgres = postgres
        self.coordinator = coordinator
        self.workers = workers
        self.start_worker = start_worker
        self.random = random.Random(SEED)
        self.kills: Counter[str] = Counter()

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # The pauses are the random moments themselves: nothing is waited for with them.
            time.sleep(self.random.uniform(0.2, 1.5))
            target = self.random.choices(["worker", "coordinator", "postgres"], [5, 3, 2])[0]
            self.kills[target] += 1
            getattr(self, f"kill_{target}")()

    def kill_worker(self) -> None:
        index = self.random.randrange(len(self.workers))
        self.workers[index].kill()
        self.workers[index] = self.start_worker(index)

    def kill_coordinator(self) -> None:
        self.coordinator.kill()
        time.sleep(self.random.uniform(0, 0.5))
        self.coordinator.start()

    def kill_postgres(self) -> None:
        self.postgres.kill()
        time.sleep(self.random.uniform(0, 0.5))
        self.postgres.start()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Any:
    cluster = Postgres(tmp_path / "postgres")
    cluster.start()
    yield cluster
    cluster.stop()


def test_kills_at_random_moments_lose_nothing_and_record_each_step_once(
    own_postgres: Postgres, new_coordinator: Any, new_worker: Any, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    journal.touch()
    coordinator: Coordinator = new_coordinator(own_postgres.make_database())

    def start_worker(index: int) -> Process:
        options = ["--address", coordinator.address, "--queue", "chaos", "--lease", "2", "--journal", str(journal)]
        return new_worker("chaos.py", *options)

    workers = [start_worker(index) for index in range(3)]
    for process in workers:
        process.wait_line("welcome")
    driver = Driver(own_postgres, coordinator, workers, start_worker)
    runs: dict[int, str] = {}
    failures: list[BaseException] = []

    def start_all() -> None:
        service = coordinator.service()
        pause = random.Random(SEED + 1)
        try:
            for number in range(WORKFLOWS):
                request = workflow_service.StartWorkflowRequest(
                    workflow_type="mixed", workflow_id=f"chaos-{number}", request_id=f"chaos-{number}",
                    task_queue="chaos", input=common.Payload(data=str(number).encode(), encoding="json"),
                )  # fmt: skip
                started = until_served(lambda: service.workflows.StartWorkflow(request, timeout=5))
                runs[number] = started.run_id
                time.sleep(pause.uniform(0, 2 * 0.8 * SECONDS / WORKFLOWS))
        except BaseException as error:
            failures.append(error)

    began = time.monotonic()
    starter = threading.Thread(target=start_all)
    starter.start()
    driver.run(SECONDS)
    starter.join(60)
    assert not failures, failures
    assert len(set(runs.values())) == WORKFLOWS

    service = coordinator.service()
    deadline = time.monotonic() + 60
    stuck = []
    for run_id in runs.values():
        seconds = max(0.1, deadline - time.monotonic())
        request = workflow_service.WaitRunRequest(run_id=run_id)
        request.wait.FromMilliseconds(int(seconds * 1_000))
        answer = until_served(lambda: service.workflows.WaitRun(request, timeout=seconds + 5))
        if not answer.closed:
            stuck.append(service.summary(run_id))
    print(f"kills: {dict(driver.kills)}; all closed after {time.monotonic() - began:.1f} s")
    assert not stuck, f"{len(stuck)} runs are stuck, such as {stuck[:5]}"
    executed = Counter(tuple(line.split()[:2]) for line in journal.read_text().splitlines())
    for number, run_id in runs.items():
        check(service, number, run_id, executed)
    total = service.workflows.ListRuns(
        workflow_service.ListRunsRequest(page_size=1_000), timeout=15
    )
    assert len(total.runs) == WORKFLOWS, "no run was lost, and none started twice"


def check(service: Service, number: int, run_id: str, executed: Counter[tuple[str, ...]]) -> None:
    closed = service.get(run_id)
    assert closed.status == run.RUN_STATUS_COMPLETED, closed
    assert json.loads(closed.output.data) == {
        "prepared": number * 10, "flaked": number * 20 + 1, "slowed": number, "wobbled": number + 100,
        "loops": sum(2 * index for index in range(number % 3)),
    }  # fmt: skip
    steps = service.steps(run_id)
    loops = [] if number % 3 == 0 else ["loop", "loop#2"][: number % 3]
    expected = ["double", "flaky", "nap", "prepare", "slow", "wobbly", *loops]
    assert sorted(step.key for step in steps) == sorted(expected)
    sequences = [step.settled_sequence for step in steps]
    assert all(sequences) and len(set(sequences)) == len(sequences), steps
    attempts = service.attempts(run_id)
    for step in steps:
        assert step.state == run.STEP_STATE_COMPLETED, step
        if step.kind == run.STEP_KIND_SLEEP:
            slept = step.settled_at.ToNanoseconds() - step.scheduled_at.ToNanoseconds()
            assert slept >= (0.1 + number % 7 * 0.3) * 1e9 - 1e6, "no timer fires early"
            continue
        mine = sorted((each for each in attempts if each.step == step.key), key=lambda each: each.attempt)
        assert [each.attempt for each in mine] == list(range(1, step.attempt + 1)), (step, mine)
        assert [each.HasField("failure") for each in mine] == [True] * (len(mine) - 1) + [False], mine
        assert all(each.worker_id for each in mine), mine
        assert executed[(run_id, step.key)] >= 1, f"{step.key} of {run_id} is recorded and never ran"
