-- What is open on each version, so that it can be counted and moved without a look at closed runs. Neither index holds anything
-- that dispatch rewrites.
CREATE INDEX open_runs_by_version ON kagzi.open_runs (namespace, workflow_type, workflow_version, run_id);
CREATE INDEX open_activities ON kagzi.steps (namespace, activity_type, activity_version) WHERE kind = 2 AND state < 5;

-- Runs of a type, newest first, among any number of others.
CREATE INDEX runs_by_version ON kagzi.runs (namespace, workflow_type, workflow_version, run_id);

-- The version a run began on, once it was moved to another. NULL: its steps are all of its one version.
ALTER TABLE kagzi.runs ADD COLUMN moved_from integer;
