"""Two coordinators are killed at random moments: between a child's close and its parent's settling, between a signal and
its wait, between one run of a chain and the next. Nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import grpc
from harness import Coordinator, Postgres, Service, common, run, workflow_service

PARENTS = int(os.environ.get("KAGZI_CHAOS_PARENTS", "60"))
SIGNALS = int(os.environ.get("KAGZI_CHAOS_SIGNALS", "1000"))
SECONDS = float(os.environ.get("KAGZI_CHAOS_SECONDS", "20"))
SEED = int(os.environ.get("KAGZI_CHAOS_SEED", "1"))
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


class Anywhere:
    """Calls whichever coordinator serves, until one does."""

    def __init__(self, coordinators: list[Coordinator]) -> None:
        self.services = [coordinator.service() for coordinator in coordinators]

    def call(self, body: Callable[[Service], Any], seconds: float = 60) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            for service in self.services:
                try:
                    return body(service)
                except grpc.RpcError as error:
                    if error.code() not in AGAIN or time.monotonic() > deadline:
                        raise
            time.sleep(0.05)

    def start(self, workflow_type: str, value: Any, workflow_id: str) -> str:
        request = workflow_service.StartWorkflowRequest(
            workflow_type=workflow_type, workflow_id=workflow_id, request_id=workflow_id, task_queue="family",
            input=common.Payload(data=json.dumps(value).encode(), encoding="json"),
        )  # fmt: skip
        return str(self.call(lambda service: service.workflows.StartWorkflow(request, timeout=5)).run_id)

    def signal(self, workflow_id: str, name: str, number: int) -> None:
        request = workflow_service.SignalWorkflowRequest(
            workflow_id=workflow_id, signal_name=name, request_id=f"{name}-{number}",
            payload=common.Payload(data=str(number).encode(), encoding="json"),
        )  # fmt: skip
        self.call(lambda service: service.workflows.SignalWorkflow(request, timeout=5))


def kill_at_random(coordinators: list[Coordinator], seconds: float) -> int:
    generator = random.Random(SEED)
    kills, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        # The pauses are the random moments themselves: nothing is waited for with them.
        time.sleep(generator.uniform(0.1, 0.8))
        victim = generator.choice(coordinators)
        victim.kill()
        kills += 1
        time.sleep(generator.uniform(0, 0.3))
        victim.start()
    return kills


def test_kills_of_coordinators_lose_no_child_no_signal_and_no_continuation(
    postgres: Postgres, new_coordinator: Any, new_database: Any, new_worker: Any
) -> None:
    database = new_database()
    coordinators: list[Coordinator] = [new_coordinator(database) for _ in range(2)]
    addresses = ",".join(coordinator.address for coordinator in coordinators)
    for _ in range(2):
        worker = new_worker("family.py", "--address", addresses, "--queue", "family", "--lease", "3", "--slots", "60")
        worker.wait_line("welcome")
    anywhere = Anywhere(coordinators)
    parents: dict[int, str] = {}
    failures: list[BaseException] = []

    def guarded(body: Callable[[], None]) -> threading.Thread:
        def run_body() -> None:
            try:
                body()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run_body)
        thread.start()
        return thread

    def start_parents() -> None:
        for number in range(PARENTS):
            parents[number] = anywhere.start("parent", number, f"parent-{number}")
            time.sleep(0.7 * SECONDS / PARENTS)

    def send_signals() -> None:
        for number in range(SIGNALS):
            anywhere.signal("collector", "item", number)

    anywhere.start("chain", [], "chain")
    collector = anywhere.start("collector", SIGNALS, "collector")
    threads = [guarded(start_parents), guarded(send_signals), guarded(lambda: anywhere.signal("chain", "end", 77))]
    kills = kill_at_random(coordinators, SECONDS)
    for thread in threads:
        thread.join(90)
    assert not failures, failures
    print(f"{kills} kills")

    service = anywhere.services[0]
    for number, run_id in parents.items():
        closed = service.wait(run_id, 60)
        assert closed.status == run.RUN_STATUS_COMPLETED, closed
        assert int(closed.output.data) == sum((number + index) ** 2 for index in range(4))
        steps = service.steps(run_id)
        assert sorted(step.key for step in steps) == [f"kid{index}" for index in range(4)]
        assert len({step.settled_sequence for step in steps}) == 4
        assert [found.parent_step for found in service.list_runs(parent_run_id=run_id)].count("kid3") == 4

    closed = service.wait(collector, 90)
    assert json.loads(closed.output.data) == list(range(SIGNALS)), "each signal once, in order"
    assert len(service.steps(collector)) == SIGNALS

    deadline = time.monotonic() + 60
    while (last := service.list_runs(workflow_id="chain")[0]).status != run.RUN_STATUS_COMPLETED:
        assert time.monotonic() < deadline, last
        service.wait(last.run_id, 60)
    links = service.list_runs(workflow_id="chain")
    assert len(links) == 51 and [link.status for link in links[1:]] == [run.RUN_STATUS_CONTINUED] * 50
    assert json.loads(service.get(last.run_id).output.data) == [*range(50), 77]
    for newer, older in zip(links, links[1:]):
        assert older.related_run_id == newer.run_id

    # What was noted is done with, and nobody waits for anything.
    left = "SELECT (SELECT count(*) FROM kagzi.child_notices), (SELECT count(*) FROM kagzi.open_runs)"
    deadline = time.monotonic() + 20
    while postgres.query(database, left) != [["0", "0"]]:
        assert time.monotonic() < deadline, postgres.query(database, left)
        time.sleep(0.2)
