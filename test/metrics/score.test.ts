import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Report } from '../../trainer/protocol.ts'
import { score } from '../../trainer/score.ts'

const fixtures = join(import.meta.dirname, 'fixtures')
const data = join(fixtures, 'squad-slice.json')
const slicePredictions = join(fixtures, 'squad-slice-predictions.json')
const golden = JSON.parse(await readFile(join(fixtures, 'golden.json'), 'utf8')) as {
  squad: Record<string, number>
  squadHalf: { ids: string[]; figures: Record<string, number> }
}
const dir = await mkdtemp(join(tmpdir(), 'loracle-score-'))
afterAll(() => rm(dir, { recursive: true, force: true }))

function run(predictions: string, dataFile = data) {
  const reports: Report[] = []
  return score(
    { kind: 'score', data: dataFile, predictions },
    { report: (report) => void reports.push(report) },
  )
}

async function file(name: string, content: unknown): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

it('gives the official figures of a data and a prediction file', async () => {
  const result = await run(slicePredictions)
  expect(result).toMatchObject({ type: 'result', kind: 'score', missing: 0 })
  for (const [name, value] of Object.entries(golden.squad))
    expect(result.squad[name], name).toBeCloseTo(value, 10)
})

it('counts missing predictions and leaves them out', async () => {
  const all = JSON.parse(await readFile(slicePredictions, 'utf8')) as Record<string, string>
  const half = Object.fromEntries(golden.squadHalf.ids.map((id) => [id, all[id]]))
  const result = await run(await file('half.json', half))
  expect(result.missing).toBe(Object.keys(all).length - golden.squadHalf.ids.length)
  for (const [name, value] of Object.entries(golden.squadHalf.figures))
    expect(result.squad[name], name).toBeCloseTo(value, 10)
})

it('counts records that training would drop or mend', async () => {
  const context = 'Paris is in France.'
  const entry = (id: string, answers: { text: string; answer_start: number }[], is_impossible = false) => ({
    id,
    context,
    question: 'Where is Paris?',
    answers,
    is_impossible,
  })
  const flat = await file('flat.json', [
    entry('a', [{ text: 'France', answer_start: 12 }]),
    entry('b', [{ text: 'France', answer_start: 12 }]),
    entry('c', [{ text: 'Gaul', answer_start: 12 }]),
    entry('d', [{ text: 'France', answer_start: 12 }], true),
  ])
  const result = await run(
    await file('flat-predictions.json', { a: 'France', b: 'Spain', c: 'gaul', d: 'france' }),
    flat,
  )
  expect(result.squad).toMatchObject({ exact: 75, total: 4, HasAns_total: 4 })
  expect(result.squad).not.toHaveProperty('NoAns_total')
})

it.each([
  ['no JSON', '{"a": '],
  ['a list', '["France"]'],
  ['null', 'null'],
  ['answers that are no text', '{"a": 3}'],
  ['ids of another data file', '{"a": "France"}'],
])('refuses a prediction file with %s', async (name, content) => {
  const path = await file(`${name}.json`, content)
  await expect(run(path)).rejects.toMatchObject({
    code: 'data_invalid',
    message: expect.stringContaining(path),
  })
})

it('names a missing prediction file', async () => {
  await expect(run(join(dir, 'none.json'))).rejects.toMatchObject({ code: 'file_missing' })
})
