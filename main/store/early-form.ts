/**
 * A step of the store: brings those that the first builds with step 2 made to the form that all others have. They
 * lack who shares a passage, two columns of indices and a trigger; whose they are is known of questions alone.
 */
export const earlyForm = `
  CREATE TABLE IF NOT EXISTS shared_passage (
    passage_id INTEGER NOT NULL REFERENCES passage (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    heading TEXT NOT NULL,
    page INTEGER,
    place TEXT NOT NULL,
    PRIMARY KEY (passage_id, source_id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS shared_passage_of_source ON shared_passage (source_id);
  INSERT OR IGNORE INTO shared_passage (passage_id, source_id, title, heading, page, place)
    SELECT p.id, e.source_id, p.title, p.heading, p.page, p.place
    FROM example e JOIN passage p ON p.id = e.passage_id JOIN source s ON s.id = e.source_id
    WHERE p.source_id <> e.source_id AND s.kind = 'dataset';

  DROP INDEX passage_of_project;
  CREATE INDEX passage_of_project ON passage (project_id, id, source_id, searchable);
  DROP INDEX passage_of_source;
  CREATE INDEX passage_of_source ON passage (source_id, searchable);

  DROP TRIGGER IF EXISTS passage_renamed;
  CREATE TRIGGER passage_renamed AFTER UPDATE OF title, heading ON passage
  WHEN old.searchable = 1 AND new.searchable = 1 AND new.id <= (SELECT upto FROM text_index) BEGIN
    INSERT INTO passage_text (passage_text, rowid, title, heading, text)
      VALUES ('delete', old.id, old.title, old.heading, old.text);
    INSERT INTO passage_text (rowid, title, heading, text) VALUES (new.id, new.title, new.heading, new.text);
  END;
`
