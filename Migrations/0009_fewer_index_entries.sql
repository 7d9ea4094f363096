-- Fewer index entries a run and a step, more rows rewritten in place, and an index for every filter of a list of runs.
-- What each change gained is in docs/performance.md.

-- Runs of a namespace, of a type and of a version are found by one index, runs_by_version: there are few kinds of runs, so the
-- newest of a namespace are the newest of each kind. Where a namespace has most of the runs, the primary key finds them.
DROP INDEX kagzi.runs_by_namespace;

-- A run is rewritten once, when it closes, together with those that began beside it: with room for all of them on the page no
-- index needs a second entry.
ALTER TABLE kagzi.runs SET (fillfactor = 50);
-- An open run is rewritten twice at least, mostly before its page can be cleared of what was there before.
ALTER TABLE kagzi.open_runs SET (fillfactor = 45);

-- Open runs are counted by version in one look through them, as they are by status and by session.
DROP INDEX kagzi.open_runs_by_version;

-- Open activities by version: those that are ready or held have indexes already. This one holds what else is open, and nothing
-- of an activity that is handed out at once and succeeds.
DROP INDEX kagzi.open_activities;
CREATE INDEX waiting_activities ON kagzi.steps (namespace, activity_type, activity_version) WHERE kind = 2 AND state IN (3, 4);

-- The status of a run that closed with a failure, for the indexes of failures alone. (A run's own status in an index, even in the
-- condition of one, would have every close write to all indexes.)
ALTER TABLE kagzi.runs ADD COLUMN failure_status smallint;
UPDATE kagzi.runs SET failure_status = status WHERE failure IS NOT NULL;
ALTER TABLE kagzi.runs ADD CONSTRAINT failures_have_a_status CHECK ((failure IS NULL) = (failure_status IS NULL));

DROP INDEX kagzi.runs_closed_with_failure;
CREATE INDEX failures_by_status ON kagzi.runs (namespace, failure_status, run_id) WHERE failure IS NOT NULL;
CREATE INDEX failures_by_type ON kagzi.runs (namespace, workflow_type, failure_status, run_id) WHERE failure IS NOT NULL;

-- Runs of a queue. Those of the queue that is meant when none is named cost nothing here.
CREATE INDEX runs_by_queue ON kagzi.runs (namespace, task_queue, run_id) WHERE task_queue <> 'default';
