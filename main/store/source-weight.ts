/** How many times an epoch of training goes through a source's examples. */
export const sourceWeight = `
  ALTER TABLE source ADD COLUMN weight REAL NOT NULL DEFAULT 1;
`
