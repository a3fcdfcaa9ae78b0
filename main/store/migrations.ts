import { earlyForm } from './early-form.ts'
import { searchTables } from './search-tables.ts'
import { sourceWeight } from './source-weight.ts'
import { taskColumns } from './task-columns.ts'

/**
 * The store's shape, as numbered steps forward: step n takes a store of `user_version` n to n + 1. A step that was
 * once released is never changed.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL);

  CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    error TEXT NOT NULL,
    project_id TEXT,
    run_id TEXT
  );

  CREATE TABLE model (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    folder TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL CHECK (origin IN ('starter', 'folder', 'download')),
    architecture TEXT NOT NULL,
    parameters INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    licence TEXT,
    max_length INTEGER,
    training_memory_mb INTEGER NOT NULL,
    reason TEXT,
    catalogue_id TEXT,
    added_at INTEGER NOT NULL
  );

  CREATE TABLE download (
    catalogue_id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    state TEXT NOT NULL
  );

  CREATE TABLE project (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    sample INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    model_id TEXT REFERENCES model (id) ON DELETE SET NULL,
    settings TEXT NOT NULL DEFAULT '{}',
    split_seed INTEGER NOT NULL DEFAULT 42,
    validation_fraction REAL NOT NULL DEFAULT 0.1,
    test_fraction REAL NOT NULL DEFAULT 0.1,
    -- Grows with every change of the data or its splits.
    data_version INTEGER NOT NULL DEFAULT 0
  );

  CREATE TABLE source (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('dataset', 'documents', 'marked')),
    format TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    rows INTEGER NOT NULL DEFAULT 0,
    mapping TEXT,
    use TEXT NOT NULL DEFAULT 'auto' CHECK (use IN ('auto', 'train', 'validation', 'test')),
    imported_at INTEGER NOT NULL,
    -- 0 while it is being imported: until then nothing of it counts.
    ready INTEGER NOT NULL DEFAULT 1
  );
  CREATE INDEX source_of_project ON source (project_id);

  -- Every text that a question can be asked about: the passages of documents and the contexts of datasets.
  CREATE TABLE passage (
    id INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    title TEXT NOT NULL,
    heading TEXT NOT NULL DEFAULT '[]',
    page INTEGER,
    place TEXT NOT NULL,
    text TEXT NOT NULL,
    words INTEGER NOT NULL,
    UNIQUE (project_id, hash)
  );
  CREATE INDEX passage_of_project ON passage (project_id, id, source_id);
  CREATE INDEX passage_of_source ON passage (source_id);

  CREATE VIRTUAL TABLE passage_text USING fts5 (
    title, heading, text,
    content = 'passage', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
  );
  CREATE TRIGGER passage_added AFTER INSERT ON passage BEGIN
    INSERT INTO passage_text (rowid, title, heading, text) VALUES (new.id, new.title, new.heading, new.text);
  END;
  CREATE TRIGGER passage_removed AFTER DELETE ON passage BEGIN
    INSERT INTO passage_text (passage_text, rowid, title, heading, text)
      VALUES ('delete', old.id, old.title, old.heading, old.text);
  END;

  CREATE TABLE example (
    id INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    passage_id INTEGER NOT NULL REFERENCES passage (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    question TEXT NOT NULL,
    answers TEXT NOT NULL,
    is_impossible INTEGER NOT NULL,
    grp TEXT NOT NULL,
    place TEXT NOT NULL,
    split TEXT NOT NULL DEFAULT 'train' CHECK (split IN ('train', 'validation', 'test')),
    context_words INTEGER NOT NULL,
    question_words INTEGER NOT NULL,
    answer_words INTEGER NOT NULL
  );
  -- Holds all that pages and counts are filtered by, in the order of the pages.
  CREATE INDEX example_of_project ON example (
    project_id, id, source_id, split, context_words, question_words, answer_words, is_impossible
  );
  CREATE INDEX example_of_source ON example (source_id);
  CREATE INDEX example_of_passage ON example (passage_id);
  CREATE INDEX example_by_key ON example (project_id, key);

  -- Rows that were left out or mended. Of those left out, \`record\` keeps what the file had.
  CREATE TABLE problem (
    id INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('rejected', 'mended', 'mended-by-person', 'ignored')),
    record TEXT,
    proposal TEXT,
    example_id INTEGER REFERENCES example (id) ON DELETE SET NULL
  );
  CREATE INDEX problem_of_project ON problem (project_id, kind, status);
  CREATE INDEX problem_of_source ON problem (source_id, status);
  CREATE INDEX problem_of_example ON problem (example_id);

  CREATE TABLE run (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    model_id TEXT REFERENCES model (id) ON DELETE SET NULL,
    model_name TEXT NOT NULL,
    model_folder TEXT NOT NULL,
    folder TEXT NOT NULL,
    settings TEXT NOT NULL,
    changed TEXT NOT NULL,
    splits TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    step INTEGER NOT NULL DEFAULT 0,
    steps INTEGER NOT NULL DEFAULT 0,
    checkpoint_step INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    stopped TEXT,
    scores_before TEXT,
    scores_after TEXT,
    -- The adapter or model that it made; null before it made one.
    outcome TEXT,
    facts TEXT NOT NULL DEFAULT '{}'
  );
  CREATE INDEX run_of_project ON run (project_id, created_at);

  CREATE TABLE run_log (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    text TEXT NOT NULL
  );
  CREATE INDEX run_log_of_run ON run_log (run_id);

  CREATE TABLE comparison (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    key TEXT NOT NULL,
    set_name TEXT NOT NULL,
    question TEXT NOT NULL,
    base TEXT NOT NULL,
    tuned TEXT NOT NULL,
    gold TEXT NOT NULL,
    base_right INTEGER NOT NULL,
    tuned_right INTEGER NOT NULL,
    base_f1 REAL NOT NULL,
    tuned_f1 REAL NOT NULL,
    PRIMARY KEY (run_id, number)
  ) WITHOUT ROWID;

  CREATE TABLE chat (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  );
  CREATE INDEX chat_of_project ON chat (project_id);

  CREATE TABLE chat_turn (
    id INTEGER PRIMARY KEY,
    chat_id TEXT NOT NULL REFERENCES chat (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    question TEXT NOT NULL,
    run_id TEXT,
    run_name TEXT,
    model_name TEXT NOT NULL,
    passages TEXT NOT NULL,
    base TEXT,
    tuned TEXT
  );
  CREATE INDEX chat_turn_of_chat ON chat_turn (chat_id);

  CREATE TABLE export (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    run_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    files TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  CREATE INDEX export_of_project ON export (project_id);
  `,
  `
  ALTER TABLE project ADD COLUMN validation_count INTEGER;
  ALTER TABLE project ADD COLUMN test_count INTEGER;

  -- The sheet or list of the file that was taken; how a document was cut.
  ALTER TABLE source ADD COLUMN part TEXT;
  ALTER TABLE source ADD COLUMN chunking TEXT;
  UPDATE source SET mapping = json_set(mapping, '$.form', 'qa') WHERE mapping IS NOT NULL;

  -- 'task': the passage is the input, the question the instruction, the answers are targets without a place.
  ALTER TABLE example ADD COLUMN form TEXT NOT NULL DEFAULT 'qa';
  -- What a file gave beside it that an export gives back, as JSON.
  ALTER TABLE example ADD COLUMN extra TEXT;

  -- 0 for the inputs of tasks: no one looks things up in them.
  ALTER TABLE passage ADD COLUMN searchable INTEGER NOT NULL DEFAULT 1;
  DROP INDEX passage_of_project;
  CREATE INDEX passage_of_project ON passage (project_id, id, source_id, searchable);
  DROP INDEX passage_of_source;
  CREATE INDEX passage_of_source ON passage (source_id, searchable);
  -- A passage that another source of the project brought, too, as it stands there: it goes over to that source when
  -- its own goes.
  CREATE TABLE shared_passage (
    passage_id INTEGER NOT NULL REFERENCES passage (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    heading TEXT NOT NULL,
    page INTEGER,
    place TEXT NOT NULL,
    PRIMARY KEY (passage_id, source_id)
  ) WITHOUT ROWID;
  CREATE INDEX shared_passage_of_source ON shared_passage (source_id);

  -- The full-text index is made behind an import, passage by passage: all searchable ones up to here are in it.
  CREATE TABLE text_index (upto INTEGER NOT NULL);
  INSERT INTO text_index SELECT coalesce(max(id), 0) FROM passage;
  DROP TRIGGER passage_added;
  DROP TRIGGER passage_removed;
  CREATE TRIGGER passage_added AFTER INSERT ON passage
  WHEN new.searchable = 1 AND new.id <= (SELECT upto FROM text_index) BEGIN
    INSERT INTO passage_text (rowid, title, heading, text) VALUES (new.id, new.title, new.heading, new.text);
  END;
  CREATE TRIGGER passage_removed AFTER DELETE ON passage
  WHEN old.searchable = 1 AND old.id <= (SELECT upto FROM text_index) BEGIN
    INSERT INTO passage_text (passage_text, rowid, title, heading, text)
      VALUES ('delete', old.id, old.title, old.heading, old.text);
  END;
  CREATE TRIGGER passage_shown AFTER UPDATE OF searchable ON passage
  WHEN old.searchable = 0 AND new.searchable = 1 AND new.id <= (SELECT upto FROM text_index) BEGIN
    INSERT INTO passage_text (rowid, title, heading, text) VALUES (new.id, new.title, new.heading, new.text);
  END;
  CREATE TRIGGER passage_renamed AFTER UPDATE OF title, heading ON passage
  WHEN old.searchable = 1 AND new.searchable = 1 AND new.id <= (SELECT upto FROM text_index) BEGIN
    INSERT INTO passage_text (passage_text, rowid, title, heading, text)
      VALUES ('delete', old.id, old.title, old.heading, old.text);
    INSERT INTO passage_text (rowid, title, heading, text) VALUES (new.id, new.title, new.heading, new.text);
  END;
  CREATE TRIGGER passage_hidden AFTER UPDATE OF searchable ON passage
  WHEN old.searchable = 1 AND new.searchable = 0 AND old.id <= (SELECT upto FROM text_index) BEGIN
    INSERT INTO passage_text (passage_text, rowid, title, heading, text)
      VALUES ('delete', old.id, old.title, old.heading, old.text);
  END;

  -- What was found in rows. \`record\` is the row before its mend, \`proposal\` what the mend does. A row that is
  -- 'rejected' is left out, one that is 'flagged' is used as it is; \`example_id\` is the example that it is now.
  CREATE TABLE problem_2 (
    id INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('rejected', 'flagged', 'mended', 'mended-by-person', 'ignored')),
    record TEXT,
    proposal TEXT,
    example_id INTEGER REFERENCES example (id) ON DELETE SET NULL
  );
  INSERT INTO problem_2 SELECT id, project_id, source_id, kind, place, message, status, record, proposal, example_id
    FROM problem;
  DROP TABLE problem;
  ALTER TABLE problem_2 RENAME TO problem;
  CREATE INDEX problem_of_project ON problem (project_id, kind, status);
  CREATE INDEX problem_of_source ON problem (source_id, status);
  CREATE INDEX problem_of_example ON problem (example_id);

  CREATE TABLE saved_mapping (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    columns TEXT NOT NULL,
    mapping TEXT NOT NULL,
    saved_at INTEGER NOT NULL
  );

  CREATE TABLE draft (
    id INTEGER PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    passage_id INTEGER NOT NULL REFERENCES passage (id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    start INTEGER NOT NULL,
    score REAL NOT NULL,
    model_name TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'kept', 'dropped')),
    edited INTEGER NOT NULL DEFAULT 0,
    example_id INTEGER REFERENCES example (id) ON DELETE SET NULL,
    UNIQUE (project_id, passage_id, question)
  );
  CREATE INDEX draft_of_project ON draft (project_id, state, id);
  CREATE INDEX draft_of_passage ON draft (passage_id);
  CREATE INDEX draft_of_example ON draft (example_id);
  `,
  `${searchTables}\n${taskColumns}\n${sourceWeight}`,
  earlyForm,
]
