-- Pausing, retrying and forking runs.

-- An activity of a paused run that would be READY: it is WAITING, and ready again when the run is resumed. NULL: it is not
-- held back. Says nothing of a step in any other state. (NULL, not false, so that the rows of other steps stay as long as they
-- were.)
ALTER TABLE kagzi.steps ADD COLUMN is_held_back boolean;

-- A run that is tried again drops the steps that did not complete; the function asks for them anew.
ALTER TABLE kagzi.open_runs
  -- The change counter when the run's current attempt began: attempts of steps up to there are history.
  ADD COLUMN attempt_seq bigint NOT NULL DEFAULT 0,
  -- The epochs of dropped steps end here: the same steps asked for anew begin above, so that no old token fits them.
  ADD COLUMN step_epoch integer NOT NULL DEFAULT 0;

ALTER TABLE kagzi.runs
  -- The same, kept while the run is closed.
  ADD COLUMN step_epoch integer,
  -- The epoch of the workflow task when the run was closed without its worker: epochs go on from there if it is opened again.
  ADD COLUMN ending_epoch integer;
