"""Closed runs of the past, so that statements are measured on tables as they are in use."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from harness.cluster import Cluster
from harness.table import duration

CHUNK = 250_000
BYTES_PER_RUN = 1_500
"""Room on the disk for a closed run of one activity: its rows, their index entries, and WAL that is not yet given back."""

# Run number n of so many, evenly spread over the last 30 days, with an id as a coordinator would have made it then: ids ascend.
# (Written out in each statement: functions would take longer than the inserts.)
ID = "(lpad(to_hex({begin_ms} + n * {step_ms}), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid"
AT = "to_timestamp(({begin_ms} + n * {step_ms}) / 1000.0)"

RUN = f"""
SET synchronous_commit = off;
INSERT INTO kagzi.runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, input,
    created_at, started_at, closed_at, status, output, seq, closing_epoch)
  SELECT id, 'default', id::text, 'bench-one', 1, 'default', 0, '\\x01', at, at, at, 6, '\\x01', 3, 2
    FROM (SELECT {ID} AS id, {AT} AS at FROM generate_series({{first}}::bigint, {{last}}) AS n) AS old;
"""

STEP = f"""
SET synchronous_commit = off;
INSERT INTO kagzi.steps (run_id, step_key, kind, state, scheduled_seq, settled_seq, activity_type, activity_version,
    namespace, task_queue, priority, input, output, scheduled_at, started_at, settled_at)
  SELECT id, 'bench-nothing', 2, 5, 2, 3, 'bench-nothing', 1, 'default', 'default', 0, '\\x01', '\\x01', at, at, at
    FROM (SELECT {ID} AS id, {AT} AS at FROM generate_series({{first}}::bigint, {{last}}) AS n) AS old;
"""
DAYS_MS = 30 * 86_400_000


def chunks(count: int, size: int = CHUNK) -> list[tuple[int, int]]:
    """The first and the last number of each chunk, from 1 to `count`."""
    return [(first, min(count, first + size - 1)) for first in range(1, count + 1, size)]


def has_room(cluster: Cluster, count: int) -> bool:
    return shutil.disk_usage(cluster.folder).free > count * BYTES_PER_RUN


class Estimate:
    """How far chunks of two tables, written side by side, have come."""

    def __init__(self, chunks: int, now: Callable[[], float] = time.monotonic):
        self.left = {"runs": chunks, "steps": chunks}
        self.all, self.begin, self.now = chunks, now(), now

    def done(self, table: str) -> str:
        self.left[table] -= 1
        slowest = max(self.left.values())
        done = self.all - slowest
        share = f"{100 * done / self.all:.0f} %"
        return share if not done else f"{share}, about {duration((self.now() - self.begin) / done * slowest)} left"


def prefill(cluster: Cluster, database: str, count: int, progress: Callable[[str], None] = lambda _: None) -> None:
    """The two tables are written side by side, each in order, then vacuumed and analyzed: nothing is left for autovacuum."""
    begin_ms, step_ms = int(time.time() * 1000) - DAYS_MS, max(1, (DAYS_MS - 1_000) // count)
    parts = chunks(count)
    estimate = Estimate(len(parts))

    def fill(table: str, insert: str) -> None:
        for first, last in parts:
            cluster.psql(insert.format(begin_ms=begin_ms, step_ms=step_ms, first=first, last=last), database)
            said = estimate.done(table)
            if len(parts) > 4 and table == "runs":
                progress(said)

    tables = {"runs": RUN, "steps": STEP}
    automatic = "ALTER TABLE kagzi.{table} {verb} (autovacuum_enabled{value})"
    for table in tables:
        cluster.psql(automatic.format(table=table, verb="SET", value=" = off"), database)
    with ThreadPoolExecutor(len(tables)) as both:
        list(both.map(fill, tables.keys(), tables.values()))
        if len(parts) > 4:
            progress("stored; vacuum and statistics")
        list(both.map(lambda table: cluster.psql(f"VACUUM (ANALYZE) kagzi.{table}", database), tables))
    for table in tables:
        cluster.psql(automatic.format(table=table, verb="RESET", value=""), database)
    cluster.psql("CHECKPOINT", database)
