"""Closed runs of the past, so that statements are measured on tables as they are in use."""

from __future__ import annotations

from harness.cluster import Cluster

SQL = """
INSERT INTO kagzi.runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, input,
    created_at, started_at, closed_at, status, output, seq, closing_epoch)
  SELECT id, 'default', id::text, 'bench-old', 1, 'default', 0, '\\x01', now(), now(), now(), 6, '\\x01', 3, 2
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {count})) AS ids;
INSERT INTO kagzi.steps (run_id, step_key, kind, state, scheduled_seq, settled_seq, activity_type, activity_version,
    namespace, task_queue, priority, input, output, scheduled_at, started_at, settled_at)
  SELECT run_id, 'a', 2, 5, 2, 3, 'bench-nothing', 1, 'default', 'default', 0, '\\x01', '\\x01', now(), now(), now()
    FROM kagzi.runs;
VACUUM ANALYZE;
CHECKPOINT;
"""


def prefill(cluster: Cluster, database: str, count: int) -> None:
    cluster.psql(SQL.format(count=count), database)
