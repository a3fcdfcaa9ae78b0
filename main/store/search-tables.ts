/**
 * A step of the store: searches for settings and their trials. A run of a search is a trial's: it is shown with its
 * search alone, and goes when the trial has ended.
 */
export const searchTables = `
  CREATE TABLE search (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'stopping', 'stopped', 'interrupted', 'finished', 'failed')),
    model_id TEXT REFERENCES model (id) ON DELETE SET NULL,
    model_name TEXT NOT NULL,
    -- Holds the splits as they were when it began, so that all trials train on the same, and the trials' runs.
    folder TEXT NOT NULL,
    -- What all trials share, what is tried and how, as JSON.
    settings TEXT NOT NULL,
    plan TEXT NOT NULL,
    splits TEXT NOT NULL,
    objective TEXT NOT NULL CHECK (objective IN ('loss', 'f1')),
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    error TEXT
  );
  CREATE INDEX search_of_project ON search (project_id, created_at);

  ALTER TABLE run ADD COLUMN search_id TEXT REFERENCES search (id) ON DELETE CASCADE;
  CREATE INDEX run_of_search ON run (search_id) WHERE search_id IS NOT NULL;

  CREATE TABLE trial (
    search_id TEXT NOT NULL REFERENCES search (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    -- The settings in which it differs, as JSON.
    trial_values TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'waiting'
      CHECK (status IN ('waiting', 'running', 'pruned', 'finished', 'failed')),
    -- Its run, while it is at work or can be gone on with.
    run_id TEXT REFERENCES run (id) ON DELETE SET NULL,
    step INTEGER NOT NULL DEFAULT 0,
    steps INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    validations TEXT NOT NULL DEFAULT '[]',
    error TEXT,
    chosen_run_id TEXT REFERENCES run (id) ON DELETE SET NULL,
    PRIMARY KEY (search_id, number)
  ) WITHOUT ROWID;
  CREATE INDEX trial_of_run ON trial (run_id);
  CREATE INDEX trial_by_chosen_run ON trial (chosen_run_id);
`
