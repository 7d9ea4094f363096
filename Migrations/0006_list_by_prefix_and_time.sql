-- Lists of runs among any number of others. Workflow ids by their beginning, whatever the database's collation is: equality finds
-- them by this index, too, so it takes the other's place.
CREATE INDEX runs_by_id ON kagzi.runs (namespace, workflow_id text_pattern_ops, run_id);
DROP INDEX kagzi.runs_by_workflow_id;
ALTER INDEX kagzi.runs_by_id RENAME TO runs_by_workflow_id;

-- Runs of a span of time. A summary a block range: next to nothing to keep, and rows lie about in the order they were made.
CREATE INDEX runs_by_creation ON kagzi.runs USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);
