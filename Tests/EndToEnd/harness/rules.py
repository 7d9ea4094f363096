"""What the coordinator's types promise of every row, and the schema does not check: a rule costs every statement that
writes to its table."""

from __future__ import annotations

from .postgres import Postgres

BROKEN = """
SELECT 'a run is recorded with the status of an open one' FROM kagzi.runs WHERE status NOT BETWEEN 6 AND 11
UNION ALL
SELECT 'a failure has no status' FROM kagzi.runs WHERE (failure IS NULL) <> (failure_status IS NULL)
UNION ALL
SELECT 'a child has no parent or no policy' FROM kagzi.runs
 WHERE parent_step IS NOT NULL AND (parent_run_id IS NULL OR coalesce(parent_close_policy, 0) NOT BETWEEN 1 AND 3)
UNION ALL
SELECT 'an open run has the status of a closed one' FROM kagzi.open_runs WHERE status NOT BETWEEN 1 AND 5
UNION ALL
SELECT 'fewer than no signals are left' FROM kagzi.open_runs WHERE signals_untaken < 0
UNION ALL
SELECT 'a step is of no known kind or state' FROM kagzi.steps WHERE kind NOT BETWEEN 1 AND 5 OR state NOT BETWEEN 1 AND 7
UNION ALL
SELECT 'a member is not named after its group' FROM kagzi.steps WHERE NOT starts_with(step_key, group_key || '/')
"""


def broken_rules(postgres: Postgres) -> list[str]:
    """Every row that breaks one, in all databases that tests have left in the cluster."""
    found = []
    for name in postgres.databases:
        url = postgres.url(name)
        if postgres.query(url, "SELECT to_regclass('kagzi.child_notices') IS NOT NULL") == [["t"]]:
            found += [f"{name}: {rule}" for [rule] in postgres.query(url, BROKEN)]
    return found
