import { expect, test } from 'vitest'
import { withRows } from './history.ts'

const text = `# Benchmarks

| other | table |
| ----- | ----- |
| a     | b     |

## History

Some words.

| date       | case | time |
| ---------- | ---- | ---- |
| 2026-01-01 | \`a\`  | 1.20 |

After it.
`

test('rows are added to the table under History, laid out anew, and nothing else changes', () => {
  expect(withRows(text, [['2026-02-02', '`longer-name`', '1.31']])).toBe(
    text.replace(
      /\| date[^]*1\.20 \|\n/,
      `| date       | case          | time |
| ---------- | ------------- | ---- |
| 2026-01-01 | \`a\`           | 1.20 |
| 2026-02-02 | \`longer-name\` | 1.31 |
`,
    ),
  )
})

test('a text without the table is refused', () => {
  expect(() => withRows(text.replace('## History', '## Other'), [])).toThrow('## History')
})
