"""What a page of ListRuns takes among many stored runs, by filter."""

from __future__ import annotations

import json
import os

from harness.bench import ROOT, Bench
from harness.processes import run
from harness.table import Row

DATABASE = "bench_lists"

# Runs of the last 30 days, oldest first, with ids as coordinators make them: 20 types of 3 versions, one in 50 failed, one in
# 100 open, ten customers by the beginning of the workflow id, rare tags and rare queues.
SQL = """
CREATE FUNCTION pg_temp.id(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql AS
  $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid $$;
CREATE TEMP TABLE made AS
  SELECT n, pg_temp.id(at, n) AS id, at, 'type-' || n % 20 AS type, 1 + n % 3 AS version,
         'customer-' || n % 10 || '-' || n AS workflow_id,
         CASE WHEN n % 1000 = 7 THEN 'rare' ELSE 'default' END AS queue,
         CASE WHEN n % 500 = 3 THEN '{{"tier":"gold"}}'::jsonb WHEN n % 2 = 0 THEN '{{"tier":"free"}}'::jsonb END AS tags,
         n % 100 = 5 AS is_open, n % 50 = 11 AS failed
    FROM (SELECT n, now() - interval '30 days' * (1 - n / {count}.0) AS at FROM generate_series(1, {count}) AS n) AS numbers;
INSERT INTO kagzi.runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, tags, input,
    created_at, started_at, closed_at, status, output, failure, failure_status, seq, closing_epoch)
  SELECT id, 'default', workflow_id, type, version, queue, 0, tags, '\\x01', at, at, CASE WHEN NOT is_open THEN at END,
         CASE WHEN is_open THEN NULL WHEN failed THEN 7 ELSE 6 END, '\\x01', CASE WHEN failed AND NOT is_open THEN '\\x01'::bytea END,
         CASE WHEN failed AND NOT is_open THEN 7 END,
         CASE WHEN NOT is_open THEN 3 END, CASE WHEN NOT is_open THEN 2 END
    FROM made ORDER BY n;
INSERT INTO kagzi.open_runs (run_id, namespace, workflow_id, workflow_type, workflow_version, task_queue, priority, status, seq)
  SELECT id, 'default', workflow_id, type, version, queue, 0, CASE WHEN n % 200 = 5 THEN 5 ELSE 3 END, 2 FROM made WHERE is_open;
INSERT INTO kagzi.registered_types VALUES ('default', 1, 'type-1', 1);
INSERT INTO kagzi.registered_versions (namespace, kind, type, version) SELECT 'default', 1, 'type-1', v FROM generate_series(1, 3) v;
VACUUM ANALYZE;
CHECKPOINT;
"""

GOAL_MS = 50.0


def measure(bench: Bench) -> list[Row]:
    count = bench.size(1_000_000, 50_000)
    cluster = bench.cluster
    url = cluster.make_database(DATABASE)
    with bench.server(url):
        pass  # makes the schema
    bench.progress(f"lists: storing {count:,} runs")
    cluster.psql(SQL.format(count=count), DATABASE)
    with bench.server(url) as server:
        bench.progress("lists: a page of 100 by each filter")
        client = [str(ROOT / ".venv/bin/python"), str(ROOT / "benchmarks/python/list_runs.py"), server.answer]
        found = json.loads(run([*client, str(bench.size(9, 3))], env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}))
    bench.records["lists"] = {"runs": count, "filters": found}
    return [
        Row(f"a page of 100 among {count:,} runs: {name}", f"{figure['median_ms']:.1f} ms", f"{figure['worst_ms']:.1f} ms at worst",
            "", f"< {GOAL_MS:.0f} ms" if figure["indexed"] else "", figure["median_ms"] < GOAL_MS if figure["indexed"] else None)
        for name, figure in found.items()
    ]
