"""A thousand schedules due in one second at two coordinators, of which one is killed in the middle."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

from harness import Coordinator, Postgres, run
from harness.contract import schedule_service
from harness.faults import PostgresProxy, Strike
from harness.schedules import Schedules, seconds_of

COUNT = 1_000
LAG = 10.0
"""How late the last one may be, on a small machine that is busy and runs debug builds."""


def create(schedules: Schedules, names: list[str], cron: str) -> None:
    """Creates schedules side by side."""
    calls = []
    for name in names:
        spec = schedules.spec(cron=cron, overlap_policy=schedule_service.OVERLAP_POLICY_ALLOW)
        request = schedule_service.CreateScheduleRequest(schedule_id=name, spec=spec)
        calls.append(schedules.stub.CreateSchedule.future(request, timeout=30))
    for call in calls:
        call.result()


def test_a_thousand_schedules_due_in_one_second_fire_once_each_though_a_coordinator_is_killed_meanwhile(
    postgres: Postgres, new_database: Any, new_coordinator: Any, queue: str
) -> None:
    strike = Strike()
    database = new_database()
    proxy = PostgresProxy(postgres.port, strike)
    other: Coordinator = new_coordinator(database)
    through = database.replace(f":{postgres.port}/", f":{proxy.port}/") + "?sslmode=disable&gssencmode=disable"
    victim: Coordinator = new_coordinator(through)
    schedules = Schedules(other.service(), queue)
    # How long it takes to create them says when they can be due.
    begin = time.monotonic()
    create(schedules, [f"rehearsal-{number}" for number in range(100)], "0 0 29 2 *")
    due = datetime.now(timezone.utc) + timedelta(seconds=3 + 15 * (time.monotonic() - begin))
    due = due.replace(microsecond=0)
    names = [f"burst-{number}" for number in range(COUNT)]
    create(schedules, names, f"{due.second} {due.minute} {due.hour} {due.day} {due.month} *")
    assert datetime.now(timezone.utc) < due, "creating them took too long for the test to mean something"

    batches = 0
    counted: list[int] = []

    def matches(statements: list[str]) -> bool:
        nonlocal batches
        batches += "decide_firings_many" in statements
        return batches == 2

    def kill() -> None:
        counted.append(int(postgres.query(database, "SELECT count(*) FROM kagzi.schedule_firings")[0][0]))
        victim.kill()

    strike.arm("after commit", matches, kill)
    assert strike.struck.wait(60), "the victim decided nothing"
    deadline = due + timedelta(seconds=LAG)
    while datetime.now(timezone.utc) < deadline and len(schedules.run_ids("burst-")) < COUNT:
        time.sleep(0.1)
    assert 0 < counted[0] < COUNT, "it was not killed in the middle"

    # Each occurrence has one firing, and each firing one run.
    stamp = due.strftime("%Y-%m-%dT%H:%M:%SZ")
    calls = {
        name: schedules.stub.ListScheduleFirings.future(
            schedule_service.ListScheduleFiringsRequest(schedule_id=name), timeout=30
        )
        for name in names
    }
    started: dict[str, str] = {}
    latest = 0.0
    for name, call in calls.items():
        (firing,) = call.result().firings
        assert firing.scheduled_at.seconds == due.timestamp() and firing.run_id, firing
        latest = max(latest, seconds_of(firing.decided_at) - due.timestamp())
        started[firing.run_id] = f"{name}-{stamp}"
    print(f"{counted[0]} were fired when one was killed; the last one was {latest:.2f} s late")
    assert latest < LAG
    runs = schedules.run_ids("burst-")
    assert Counter(runs) == Counter(started.keys())
    listed = schedules.service.list_runs(workflow_id_prefix="burst-", statuses=[run.RUN_STATUS_PENDING])
    assert {each.run_id: each.workflow_id for each in listed} == started
    proxy.close()
    victim.close()
