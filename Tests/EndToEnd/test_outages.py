"""Postgres is away for longer than a lease: workers that were there all the while keep their sessions and their tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Postgres, run, schedule

LEASE = 2.0
OUTAGE = 2.5 * LEASE
WORKERS = 10


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    cluster = Postgres(tmp_path / "postgres")
    cluster.start()
    yield cluster
    cluster.stop()


def hangs(postgres: Postgres) -> None:
    postgres.freeze()
    time.sleep(OUTAGE)
    postgres.thaw()


def dies(postgres: Postgres) -> None:
    postgres.kill()
    time.sleep(OUTAGE)
    postgres.start()


@pytest.mark.parametrize(("outage", "coordinators"), [(hangs, 1), (dies, 1), (dies, 2)])
def test_a_worker_whose_heartbeats_could_not_be_written_keeps_what_it_holds(
    own_postgres: Postgres, new_coordinator: Any, raw: Any, queue: str, outage: Callable[[Postgres], None], coordinators: int
) -> None:
    database = own_postgres.make_database()
    services = [new_coordinator(database).service() for _ in range(coordinators)]
    workers, held = [], []
    for index in range(WORKERS):
        worker = raw(services[index % coordinators], queue, workflows=["w"], activities=["a"], lease=LEASE)
        workers.append(worker)
        worker.open()
        # Each in its own rhythm, as a fleet does.
        time.sleep(0.05)
        worker.keep_beating(LEASE / 3)
        worker.grant(1, 1)
        run_id = worker.service.start("w", queue)
        worker.suspend(worker.task().token, schedule("a", "a"))
        held.append((run_id, worker.task().token))
    outage(own_postgres)
    for worker, (run_id, token) in zip(workers, held, strict=True):
        answer = worker.output(token)
        assert not answer.HasField("rejection"), answer
        assert [attempt.attempt for attempt in services[0].attempts(run_id, "a")] == [1]
    events = own_postgres.query(database, "SELECT kind, message FROM kagzi.worker_events WHERE kind = 4")
    assert events == [], "a session was lost"
    for run_id, _ in held:
        assert services[0].get(run_id).status in (run.RUN_STATUS_RUNNING, run.RUN_STATUS_WAITING)
