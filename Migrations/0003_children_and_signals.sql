-- Children: a run started by a step of another. `first_run_id` is the first run of a chain of continuations (NULL: the run
-- itself): the parent's step names that one, so that a child may continue as new without a write to its parent.
ALTER TABLE kagzi.runs
  ADD COLUMN parent_step text,
  -- 1 cancel, 2 terminate, 3 abandon.
  ADD COLUMN parent_close_policy smallint,
  ADD COLUMN first_run_id uuid,
  -- The run that continued this one, or that this one continues or was forked from.
  ADD COLUMN related_run_id uuid,
  ADD CONSTRAINT children_have_a_parent_and_a_policy
    CHECK (parent_step IS NULL
           OR (parent_run_id IS NOT NULL AND parent_close_policy IS NOT NULL AND parent_close_policy BETWEEN 1 AND 3));

CREATE INDEX runs_by_parent ON kagzi.runs (parent_run_id, run_id) WHERE parent_run_id IS NOT NULL;

ALTER TABLE kagzi.open_runs
  ADD COLUMN parent_run_id uuid,
  ADD COLUMN parent_step text,
  -- Numbers the signals of the run and of those it continues.
  ADD COLUMN signals_received bigint NOT NULL DEFAULT 0,
  -- Signals that no step has taken yet: bounded, and counted here so that nobody has to count them.
  ADD COLUMN signals_untaken integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT untaken_signals_are_counted CHECK (signals_untaken >= 0);

CREATE INDEX open_children ON kagzi.open_runs (parent_run_id, parent_step) WHERE parent_run_id IS NOT NULL;

ALTER TABLE kagzi.steps
  ADD COLUMN signal_name text,
  ADD COLUMN child_run_id uuid;

-- The name comes first so that it is not taken for as good as the primary key while the table has no statistics.
CREATE INDEX steps_waiting_for_signals ON kagzi.steps (signal_name, run_id, scheduled_seq, step_key)
  WHERE kind = 5 AND state = 3;

-- Signals of a run in the order in which they were recorded. One that a step has taken keeps its place, for its request id;
-- its payload has moved to the step.
CREATE TABLE kagzi.signals (
  run_id uuid NOT NULL,
  seq bigint NOT NULL,
  name text NOT NULL,
  payload bytea,
  request_id text,
  received_at timestamptz NOT NULL,
  -- The step that took it.
  taken_by text,
  PRIMARY KEY (run_id, seq)
) WITH (fillfactor = 85);

CREATE UNIQUE INDEX a_request_id_signals_a_run_once ON kagzi.signals (run_id, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX untaken_signals ON kagzi.signals (run_id, name, seq) WHERE taken_by IS NULL;

-- What one run owes another, written in the transaction that makes it due and deleted when it is done: almost always within
-- milliseconds, by the coordinator that wrote it. What is left was lost with a coordinator, and a scan finds it; a look
-- at waiting parents or open children instead would cost the more, the more of them there are.
CREATE TABLE kagzi.child_notices (
  -- For kind 1: the child's run that closed or never began. For kind 2: the child as its parent's step names it.
  run_id uuid NOT NULL,
  -- 1: the parent's step is to be settled. 2: the child is to be stopped.
  kind smallint NOT NULL,
  parent_run_id uuid NOT NULL,
  parent_step text NOT NULL,
  -- Why the child was never started, for one that was not.
  failure bytea,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (run_id, kind),
  CONSTRAINT notices_are_ends_or_stops CHECK (kind IN (1, 2))
) WITH (
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0
);
