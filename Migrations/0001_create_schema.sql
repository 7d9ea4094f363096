-- The whole of a coordinator's state. Payloads, failures, policies and headers are opaque bytes (serialized contract messages);
-- text columns were checked for UTF-8 and NUL at the edge. Times are the database's own (clock_timestamp()).
CREATE SCHEMA IF NOT EXISTS kagzi;

CREATE TABLE kagzi.namespaces (
  name text PRIMARY KEY,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true,
  retention_ms bigint,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT retention_is_positive CHECK (retention_ms > 0)
);

INSERT INTO kagzi.namespaces (name, description) VALUES ('default', 'The namespace of calls that name none');

-- Workflow types (kind 1) and activity types (kind 2) share one registry: the same rules hold for both.
CREATE TABLE kagzi.registered_types (
  namespace text NOT NULL,
  kind smallint NOT NULL,
  type text NOT NULL,
  default_version integer NOT NULL,
  PRIMARY KEY (namespace, kind, type),
  CONSTRAINT types_are_workflows_or_activities CHECK (kind IN (1, 2)),
  CONSTRAINT default_versions_are_positive CHECK (default_version > 0)
);

CREATE TABLE kagzi.registered_versions (
  namespace text NOT NULL,
  kind smallint NOT NULL,
  type text NOT NULL,
  version integer NOT NULL,
  deprecated boolean NOT NULL DEFAULT false,
  percent double precision NOT NULL DEFAULT 0,
  first_registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (namespace, kind, type, version),
  CONSTRAINT versions_are_positive CHECK (version > 0),
  CONSTRAINT shares_are_percentages CHECK (percent BETWEEN 0 AND 100)
);

-- What a run is and how it ended: written when it starts and when it closes. What changes in between is in open_runs,
-- so that this table grows without slowing what is open, and its rows are rewritten once, in place.
CREATE TABLE kagzi.runs (
  run_id uuid PRIMARY KEY,
  namespace text NOT NULL,
  workflow_id text NOT NULL,
  workflow_type text NOT NULL,
  workflow_version integer NOT NULL,
  task_queue text NOT NULL,
  priority smallint NOT NULL,
  request_id text,
  tags jsonb,
  headers bytea,
  input bytea,
  policy bytea,
  parent_run_id uuid,
  attempt integer NOT NULL DEFAULT 1,
  timeout_ms bigint,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  closed_at timestamptz,
  -- NULL while the run is open.
  status smallint,
  status_reason text,
  output bytea,
  failure bytea,
  -- The change counter at the close, and the epoch of the report that closed it.
  seq bigint,
  closing_epoch integer,
  CONSTRAINT closed_runs_have_a_closing_time CHECK ((status IS NULL) = (closed_at IS NULL)),
  CONSTRAINT recorded_statuses_are_closed_ones CHECK (status BETWEEN 6 AND 11)
) WITH (fillfactor = 85);

CREATE INDEX runs_by_namespace ON kagzi.runs (namespace, run_id);
CREATE INDEX runs_by_workflow_id ON kagzi.runs (namespace, workflow_id, run_id);
CREATE UNIQUE INDEX a_request_id_starts_one_run ON kagzi.runs (namespace, request_id) WHERE request_id IS NOT NULL;
-- Failed, cancelled, terminated and timed-out runs are the ones people look for.
CREATE INDEX runs_closed_with_failure ON kagzi.runs (namespace, run_id) WHERE failure IS NOT NULL;
CREATE INDEX runs_by_tag ON kagzi.runs USING gin (tags jsonb_path_ops) WHERE tags IS NOT NULL;

-- One row an open run: uniqueness of open workflow ids, and everything that dispatch rewrites. Deleted at the close.
CREATE TABLE kagzi.open_runs (
  run_id uuid PRIMARY KEY,
  namespace text NOT NULL,
  workflow_id text NOT NULL,
  workflow_type text NOT NULL,
  workflow_version integer NOT NULL,
  task_queue text NOT NULL,
  priority smallint NOT NULL,
  status smallint NOT NULL,
  status_reason text,
  started_at timestamptz,
  -- Counts recorded changes; the sequence numbers of WatchRun.
  seq bigint NOT NULL,
  -- The change counter when the task was handed out last.
  lease_seq bigint NOT NULL DEFAULT 0,
  -- Changes up to here were told to the session that has the function in memory.
  delivered_seq bigint NOT NULL DEFAULT 0,
  -- Something settled while the workflow task was held.
  news boolean NOT NULL DEFAULT false,
  leased boolean NOT NULL DEFAULT false,
  -- The session that holds the task or, when it is not held, held it last.
  session_id uuid,
  -- Whether that session has the function suspended in memory.
  sticky boolean NOT NULL DEFAULT false,
  -- Raised each time the task is handed out.
  lease_epoch integer NOT NULL DEFAULT 0,
  -- The epoch whose last report was recorded: the same report again is answered as recorded.
  reported_epoch integer NOT NULL DEFAULT 0,
  leased_at timestamptz,
  -- Tasks lost to dead workers in a row.
  losses integer NOT NULL DEFAULT 0,
  cancel_requested boolean NOT NULL DEFAULT false,
  cancel_reason text,
  timeout_at timestamptz,
  -- A cancelled run that no worker finishes by then is closed by the coordinator.
  cancel_deadline_at timestamptz,
  -- Not NULL: claimable since then.
  ready_at timestamptz,
  -- Not NULL: becomes claimable then (a delayed start, a task given back).
  resume_at timestamptz,
  -- The earliest of resume_at, timeout_at and cancel_deadline_at.
  due_at timestamptz,
  CONSTRAINT one_open_run_a_workflow_id UNIQUE (namespace, workflow_id),
  CONSTRAINT open_runs_have_an_open_status CHECK (status BETWEEN 1 AND 5),
  CONSTRAINT leased_runs_have_a_session CHECK (NOT leased OR session_id IS NOT NULL),
  CONSTRAINT leased_runs_are_not_claimable CHECK (NOT leased OR ready_at IS NULL)
) WITH (
  -- Each row is rewritten a few times and then deleted: room for that on the page, and an early vacuum.
  fillfactor = 60,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX claimable_runs ON kagzi.open_runs
  (namespace, task_queue, workflow_type, workflow_version, priority DESC, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX due_runs ON kagzi.open_runs (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE kagzi.steps (
  run_id uuid NOT NULL,
  step_key text NOT NULL,
  kind smallint NOT NULL,
  state smallint NOT NULL,
  attempt integer NOT NULL DEFAULT 1,
  scheduled_seq bigint NOT NULL,
  settled_seq bigint,
  group_key text,
  activity_type text,
  activity_version integer,
  namespace text,
  task_queue text,
  priority smallint,
  input bytea,
  output bytea,
  failure bytea,
  policy bytea,
  progress bytea,
  schedule_to_start_ms bigint,
  start_to_close_ms bigint,
  schedule_to_close_ms bigint,
  heartbeat_ms bigint,
  scheduled_at timestamptz NOT NULL,
  started_at timestamptz,
  settled_at timestamptz,
  session_id uuid,
  -- The session whose attempt settled it.
  settled_by uuid,
  lease_epoch integer NOT NULL DEFAULT 0,
  -- Not NULL: claimable since then.
  ready_at timestamptz,
  -- When a timer fires, the next attempt may begin, or a step that no session holds times out.
  due_at timestamptz,
  -- When the attempt that a session holds times out. Watched by the coordinator of that session.
  deadline_at timestamptz,
  PRIMARY KEY (run_id, step_key),
  CONSTRAINT steps_have_a_known_kind CHECK (kind BETWEEN 1 AND 5),
  CONSTRAINT steps_have_a_known_state CHECK (state BETWEEN 1 AND 7),
  CONSTRAINT settled_steps_have_a_sequence CHECK ((state >= 5) = (settled_seq IS NOT NULL)),
  CONSTRAINT settled_steps_wait_for_nothing CHECK (state < 5 OR (ready_at IS NULL AND due_at IS NULL AND session_id IS NULL))
) WITH (
  fillfactor = 85,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_insert_scale_factor = 0.2
);

CREATE INDEX claimable_steps ON kagzi.steps
  (namespace, task_queue, activity_type, activity_version, priority DESC, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX held_steps ON kagzi.steps (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX due_steps ON kagzi.steps (due_at) WHERE due_at IS NOT NULL;

-- Attempts that did not settle their step. The last attempt of a settled step is in the step itself.
CREATE TABLE kagzi.step_attempts (
  run_id uuid NOT NULL,
  step_key text NOT NULL,
  attempt integer NOT NULL,
  seq bigint NOT NULL,
  worker_id text,
  started_at timestamptz,
  ended_at timestamptz NOT NULL,
  failure bytea NOT NULL,
  retry_delay_ms bigint,
  PRIMARY KEY (run_id, step_key, attempt, seq)
);

CREATE TABLE kagzi.workers (
  namespace text NOT NULL,
  worker_id text NOT NULL,
  session_id uuid NOT NULL,
  status smallint NOT NULL,
  task_queues text[] NOT NULL,
  workflow_types text[] NOT NULL,
  workflow_versions integer[] NOT NULL,
  activity_types text[] NOT NULL,
  activity_versions integer[] NOT NULL,
  workflow_slots integer NOT NULL,
  activity_slots integer NOT NULL,
  hostname text NOT NULL,
  pid bigint NOT NULL,
  sdk_name text NOT NULL,
  sdk_version text NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  registered_at timestamptz NOT NULL,
  PRIMARY KEY (namespace, worker_id)
);

-- One narrow row a session: the only thing that a heartbeat rewrites.
CREATE TABLE kagzi.sessions (
  session_id uuid PRIMARY KEY,
  namespace text NOT NULL,
  worker_id text NOT NULL,
  lease_ms bigint NOT NULL,
  coordinator_id uuid NOT NULL,
  opened_at timestamptz NOT NULL,
  beat_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text,
  CONSTRAINT leases_are_positive CHECK (lease_ms > 0)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX open_sessions ON kagzi.sessions (session_id) WHERE ended_at IS NULL;

-- Coordinators that share this database.
CREATE TABLE kagzi.coordinators (
  coordinator_id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL,
  beat_at timestamptz NOT NULL,
  address text NOT NULL
);
