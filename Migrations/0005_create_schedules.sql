-- Schedules: runs started by the calendar.
CREATE TABLE kagzi.schedules (
  namespace text NOT NULL,
  schedule_id text NOT NULL,
  -- New with each creation: what was fired for a deleted schedule is not taken for that of a new one with its id.
  uid uuid NOT NULL,
  -- A serialized ScheduleSpec.
  spec bytea NOT NULL,
  -- Raised by every change of the row. Whoever decides about the schedule names the revision it has read, so that of
  -- several coordinators one decides, and on nothing that has changed meanwhile.
  revision bigint NOT NULL DEFAULT 1,
  paused boolean NOT NULL DEFAULT false,
  note text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  -- Occurrences of an interval are at anchor + k × interval.
  anchor_at timestamptz NOT NULL,
  -- The first occurrence that nothing is decided about; NULL: there is none, ever. Stays while the schedule is paused.
  next_at timestamptz,
  -- When to decide about it: next_at and its jitter. NULL: never, or paused.
  fire_at timestamptz,
  last_at timestamptz,
  -- The workflow id of the run that was started last: that an open run has it is what overlap means. Unlike a run id
  -- it stays the same when the run continues as new.
  last_workflow_id text,
  -- Firings and skips recorded so far; the number of the last one.
  decisions bigint NOT NULL DEFAULT 0,
  -- Firings that wait for the open run to end.
  waiting integer NOT NULL DEFAULT 0,
  PRIMARY KEY (namespace, schedule_id),
  CONSTRAINT schedules_have_one_uid UNIQUE (uid),
  CONSTRAINT paused_schedules_are_never_due CHECK (NOT paused OR fire_at IS NULL),
  CONSTRAINT schedules_that_are_due_have_an_occurrence CHECK (fire_at IS NULL OR next_at IS NOT NULL),
  CONSTRAINT waiting_firings_are_counted CHECK (waiting >= 0)
) WITH (
  -- Rewritten at each occurrence: room for that on the page.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.05
);

CREATE INDEX due_schedules ON kagzi.schedules (fire_at) WHERE fire_at IS NOT NULL;
CREATE INDEX schedules_with_waiting_firings ON kagzi.schedules (uid) WHERE waiting > 0;

-- What was decided about occurrences: runs started, skips with their reasons, and what waits.
CREATE TABLE kagzi.schedule_firings (
  schedule_uid uuid NOT NULL REFERENCES kagzi.schedules (uid) ON DELETE CASCADE,
  -- Counts a schedule's decisions.
  number bigint NOT NULL,
  -- 1 calendar, 2 trigger, 3 backfill.
  cause smallint NOT NULL,
  scheduled_at timestamptz NOT NULL,
  decided_at timestamptz NOT NULL,
  -- 1 started, 2 waits for the open run to end, 3 skipped.
  state smallint NOT NULL,
  -- Made by the coordinator that asked for it: it finds its own firing again when the answer was lost.
  firing_id uuid NOT NULL,
  run_id uuid,
  skip_reason text,
  PRIMARY KEY (schedule_uid, number),
  CONSTRAINT an_occurrence_fires_once_a_cause UNIQUE (schedule_uid, cause, scheduled_at),
  CONSTRAINT firings_have_a_known_cause CHECK (cause BETWEEN 1 AND 3),
  CONSTRAINT firings_have_a_known_state CHECK (state BETWEEN 1 AND 3),
  CONSTRAINT started_firings_name_their_run CHECK ((state = 1) = (run_id IS NOT NULL)),
  CONSTRAINT skips_have_a_reason CHECK ((state = 3) = (skip_reason IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX waiting_firings ON kagzi.schedule_firings (schedule_uid, number) WHERE state = 2;
