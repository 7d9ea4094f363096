-- The life of workers as operators see it. What a heartbeat rewrites stays in `sessions` alone; all of this is written
-- when a worker registers, drains or ends.
ALTER TABLE kagzi.workers
  -- The agreed interval. NULL: registered before it was kept; a third of the lease.
  ADD COLUMN heartbeat_ms bigint,
  -- Not NULL: somebody (or the worker itself) asked it to drain. A new registration takes it back.
  ADD COLUMN drain_requested_at timestamptz,
  -- Whether the worker itself said so: it needs not be told.
  ADD COLUMN drains_by_itself boolean NOT NULL DEFAULT false,
  ADD COLUMN drain_timeout_ms bigint,
  ADD COLUMN status_reason text,
  ADD COLUMN ended_at timestamptz,
  ADD CONSTRAINT workers_have_a_known_status CHECK (status BETWEEN 1 AND 4),
  ADD CONSTRAINT drain_timeouts_are_not_negative CHECK (drain_timeout_ms >= 0);

UPDATE kagzi.workers SET ended_at = clock_timestamp() WHERE status > 2;

ALTER TABLE kagzi.workers ADD CONSTRAINT ended_workers_have_an_end CHECK ((status > 2) = (ended_at IS NOT NULL));

-- The few rows of a worker's own past, found when its events are listed.
CREATE INDEX sessions_by_worker ON kagzi.sessions (namespace, worker_id, session_id);

-- What happened to workers. A heartbeat is not an event here (the latest is in `sessions`), nor is a task (its times are in
-- `steps` and `step_attempts`): neither costs a row. Kept by age and by number; see WorkerRetention.
CREATE TABLE kagzi.worker_events (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace text NOT NULL,
  worker_id text NOT NULL,
  session_id uuid NOT NULL,
  kind smallint NOT NULL,
  at timestamptz NOT NULL,
  message text NOT NULL,
  CONSTRAINT worker_events_have_a_known_kind CHECK (kind BETWEEN 1 AND 4)
);

CREATE INDEX worker_events_by_worker ON kagzi.worker_events (namespace, worker_id, event_id);
CREATE INDEX worker_events_by_namespace ON kagzi.worker_events (namespace, event_id);
