-- Parallel groups: the join of a set of steps is one row, counted in the transaction that settles a member.

CREATE TABLE kagzi.groups (
  run_id uuid NOT NULL,
  group_key text NOT NULL,
  strategy smallint NOT NULL,
  -- Zero: not known, members come one by one.
  member_count integer NOT NULL,
  quorum integer NOT NULL DEFAULT 0,
  -- At most this many activities of it are handed out at a time; zero: no limit.
  max_concurrency integer NOT NULL DEFAULT 0,
  parent_step text,
  opened_seq bigint NOT NULL,
  opened_at timestamptz NOT NULL,
  deadline_at timestamptz,
  -- Members that succeeded and that failed for good, until it was resolved.
  succeeded integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  -- With a limit: activities that are handed out or may be, and the scheduling number of the last one let go.
  active integer NOT NULL DEFAULT 0,
  released_seq bigint NOT NULL DEFAULT 0,
  -- Some member is not local: its worker learns of it only by a task.
  has_tasks boolean NOT NULL DEFAULT false,
  -- NULL while it is open.
  verdict smallint,
  resolved_at timestamptz,
  resolved_seq bigint,
  winner text,
  failed_step text,
  PRIMARY KEY (run_id, group_key),
  -- A report whose members name no recorded group inserts one of strategy zero, and is refused whole by this rule.
  CONSTRAINT members_name_a_group_that_was_opened CHECK (strategy > 0),
  CONSTRAINT groups_have_a_known_strategy CHECK (strategy <= 4),
  CONSTRAINT groups_have_a_known_verdict CHECK (verdict BETWEEN 1 AND 4),
  CONSTRAINT resolved_groups_have_a_sequence CHECK ((verdict IS NULL) = (resolved_seq IS NULL)),
  CONSTRAINT races_and_quorums_know_their_members CHECK (strategy < 3 OR member_count > 0),
  CONSTRAINT quorums_are_in_reach CHECK (strategy <> 4 OR quorum BETWEEN 1 AND member_count)
) WITH (
  -- The row of a busy group is rewritten with every batch: in place, as long as its page has room.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX due_groups ON kagzi.groups (deadline_at) WHERE deadline_at IS NOT NULL AND verdict IS NULL;

-- What a resolved group cancels, which held-back member comes next, and what a group that is opened again (in a run that was
-- retried or forked) has already: each without a look at the rest of the run.
-- The group's key comes first so that nothing looks up a step by this index: on a table without statistics it would seem as
-- good as the primary key, and each look-up would read all of the run's members.
CREATE INDEX members ON kagzi.steps (group_key, run_id, state, scheduled_seq) WHERE group_key IS NOT NULL;

-- So a key without a slash is known, before it is looked up, to be no group's member.
ALTER TABLE kagzi.steps ADD CONSTRAINT members_are_named_after_their_group
  CHECK (group_key IS NULL OR starts_with(step_key, group_key || '/'));

-- The change counter when a member of an open group last settled without waking the run: a task that carries only what
-- woke it would miss that member.
ALTER TABLE kagzi.open_runs ADD COLUMN quiet_seq bigint NOT NULL DEFAULT 0;
