"""What Postgres alone does for the same kind of row changes in batches, and for a single-row commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.bench import FOLDER, Bench
from harness.cluster import transactions_per_second
from harness.meter import Meter

BATCH = 100
PAYLOAD = "k" * 100

SCHEMA = """
CREATE TABLE job (id bigserial PRIMARY KEY, state smallint NOT NULL DEFAULT 0, payload text NOT NULL, result text,
  created_at timestamptz NOT NULL DEFAULT now(), claimed_at timestamptz, done_at timestamptz);
CREATE INDEX ready_jobs ON job (id) WHERE state = 0;
-- Closed jobs and statistics, so that the claim is planned as it would be in use.
INSERT INTO job (state, payload, result, claimed_at, done_at)
  SELECT 2, repeat('k', 100), 'ok', now(), now() FROM generate_series(1, 200000);
VACUUM ANALYZE job;
CREATE TABLE event (id bigserial PRIMARY KEY, payload text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CHECKPOINT;
"""

# The life of a job in three transactions, 100 jobs a statement: insert, claim, complete.
LIFECYCLES = f"""
INSERT INTO job (payload) SELECT unnest(:payloads::text[]);
WITH next AS (SELECT id FROM job WHERE state = 0 ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED), \
claimed AS (UPDATE job SET state = 1, claimed_at = now() FROM next WHERE job.id = next.id RETURNING job.id, payload) \
SELECT coalesce(array_agg(id), '{{}}')::text AS ids, max(payload) AS last_payload FROM claimed \\gset
UPDATE job SET state = 2, done_at = now(), result = 'ok' WHERE id = ANY (:ids::bigint[]);
"""

COMMIT = f"INSERT INTO event (payload) VALUES ('{PAYLOAD}');\n"


def lifecycles(bench: Bench, seconds: int) -> dict[str, Any]:
    """Insert-claim-complete lifecycles a second, two clients."""
    cluster = bench.cluster
    cluster.make_database("bench_limit")
    cluster.psql(SCHEMA, "bench_limit")
    script = FOLDER / "lifecycles.sql"
    script.write_text(LIFECYCLES)
    payloads = "{" + ",".join([PAYLOAD] * BATCH) + "}"
    with Meter(postgres=cluster.pid) as meter:
        output = cluster.pgbench("bench_limit", script, 2, seconds, "-D", f"payloads={payloads}")
    rate = BATCH * transactions_per_second(output)
    left = int(cluster.psql("SELECT count(*) FROM job WHERE state = 1", "bench_limit"))
    if left:
        raise RuntimeError(f"{left} jobs were claimed and not completed")
    return {
        "lifecycles_per_s": rate,
        "cpu_ms_per_lifecycle": 1000 * meter.cpu["postgres"] / (rate * seconds),
        "other_share": meter.other_share,
    }


def commit(bench: Bench, seconds: int) -> dict[str, Any]:
    """The latency of a single-row insert and its commit, one client, in milliseconds."""
    cluster = bench.cluster
    cluster.make_database("bench_commit")
    cluster.psql(SCHEMA.replace("200000", "1"), "bench_commit")
    script = FOLDER / "commit.sql"
    script.write_text(COMMIT)
    for old in Path(FOLDER).glob("commit-log.*"):
        old.unlink()
    cluster.pgbench("bench_commit", script, 1, seconds, "-l", "--log-prefix", str(FOLDER / "commit-log"))
    samples = sorted(
        int(line.split(" ", 3)[2]) / 1000 for file in FOLDER.glob("commit-log.*") for line in file.open())
    for file in FOLDER.glob("commit-log.*"):
        file.unlink()
    return {"p50_ms": samples[len(samples) // 2], "p99_ms": samples[len(samples) * 99 // 100]}
