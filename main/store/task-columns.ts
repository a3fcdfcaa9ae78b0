/** The kind of task of an example and of a compared question, and what its answers add to the metrics of the task. */
export const taskColumns = `
  -- One of the kinds of tasks; null for questions about a passage.
  ALTER TABLE example ADD COLUMN task TEXT;
  UPDATE example SET task = 'text' WHERE form = 'task';

  ALTER TABLE comparison ADD COLUMN task TEXT NOT NULL DEFAULT 'question-answering';
  -- The beginning of a task's input.
  ALTER TABLE comparison ADD COLUMN input TEXT;
  -- By metric what the base and the tuned answer add to it, as JSON; null where exact match and F1 are all.
  ALTER TABLE comparison ADD COLUMN statistics TEXT;
`
