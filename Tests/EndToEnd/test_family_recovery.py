"""A coordinator dies after one run's commit and before what that commit owes another run: the next one sees to it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness import Coordinator, Postgres, RawWorker, child, run, worker


@contextmanager
def row_lock(database: str, query: str) -> Iterator[None]:
    """Holds the rows that a query locks."""
    psql = subprocess.Popen(
        [shutil.which("psql") or "psql", database, "-qXAt"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert psql.stdin and psql.stdout
    psql.stdin.write(f"BEGIN;\n{query};\n\\echo locked\n")
    psql.stdin.flush()
    while psql.stdout.readline().strip() != "locked":
        assert psql.poll() is None
    yield
    psql.stdin.write("COMMIT;\n")
    psql.stdin.close()
    psql.wait(10)


def wait_for_waiting(postgres: Postgres, database: str) -> None:
    """Until a backend of the coordinator waits for a lock."""
    deadline = time.monotonic() + 20
    while postgres.query(database, WAITING.replace("{what}", "count(*)")) == [["0"]]:
        assert time.monotonic() < deadline


WAITING = """
    SELECT {what} FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def crash(postgres: Postgres, coordinator: Coordinator, database: str) -> None:
    """kill -9 with a batch on its way, which is lost with it."""
    wait_for_waiting(postgres, database)
    coordinator.kill()
    postgres.query(database, WAITING.replace("{what}", "pg_terminate_backend(pid)"))


def notices(postgres: Postgres, database: str) -> int:
    return int(postgres.query(database, "SELECT count(*) FROM kagzi.child_notices")[0][0])


def family(coordinator: Coordinator, raw: Any, queue: str, **fields: Any) -> tuple[RawWorker, str, Any]:
    service = coordinator.service()
    flow = raw(service, queue, workflows=["parent", "kid"])
    flow.open()
    flow.grant(10)
    parent = service.start("parent", queue)
    flow.suspend(flow.task().token, child("kid", "kid", **fields))
    return flow, parent, flow.task()


def test_a_parent_hears_of_its_childs_end_from_the_next_coordinator(
    postgres: Postgres, new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    coordinator = new_coordinator(database)
    flow, parent, kid = family(coordinator, raw, queue)
    with row_lock(database, f"SELECT FROM kagzi.steps WHERE run_id = '{parent}' FOR UPDATE"):
        flow.complete(kid.token, b"7")
        crash(postgres, coordinator, database)
    assert notices(postgres, database) == 1
    coordinator.start()
    flow.drop()
    flow.open()
    flow.grant(10)
    task = flow.task(10)
    assert task.run_id == parent and task.workflow.steps[0].output.data == b"7"
    assert notices(postgres, database) == 0
    flow.complete(task.token)


def test_children_are_stopped_by_the_next_coordinator(
    postgres: Postgres, new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    coordinator = new_coordinator(database)
    flow, parent, kid = family(
        coordinator, raw, queue, parent_close_policy=worker.PARENT_CLOSE_POLICY_TERMINATE
    )
    with row_lock(database, f"SELECT FROM kagzi.open_runs WHERE run_id = '{kid.run_id}' FOR UPDATE"):
        coordinator.service().terminate(parent)
        crash(postgres, coordinator, database)
    assert notices(postgres, database) == 1
    coordinator.start()
    assert coordinator.service().wait(kid.run_id, 15).status == run.RUN_STATUS_TERMINATED
    deadline = time.monotonic() + 10
    while notices(postgres, database):
        assert time.monotonic() < deadline


def test_another_coordinator_that_lives_on_sees_to_it_by_its_scan(
    postgres: Postgres, new_coordinator: Any, new_database: Any, raw: Any, queue: str
) -> None:
    database = new_database()
    victim, other = new_coordinator(database), new_coordinator(database)
    flow, parent, kid = family(victim, raw, queue)
    with row_lock(database, f"SELECT FROM kagzi.steps WHERE run_id = '{parent}' FOR UPDATE"):
        flow.complete(kid.token, b"7")
        crash(postgres, victim, database)
    flow.drop()
    flow.open(service=other.service())
    flow.grant(10)
    task = flow.task(25)
    assert task.run_id == parent and task.workflow.steps[0].output.data == b"7"
