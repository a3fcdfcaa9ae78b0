import { z } from 'zod'
import { bootstrapPairs } from '../../../main/evaluations/bootstrap.ts'
import { planBatches } from '../../../trainer/data/batches.ts'
import { readDataset } from '../../../trainer/data/read-dataset.ts'
import { loadTokenizer } from '../../../trainer/data/tokenizer.ts'
import { kindOf } from '../../../trainer/kinds/kinds.ts'
import { packColumn } from '../../../trainer/metrics/aggregate.ts'
import { scoreAnswers } from '../../../trainer/metrics/scores.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import { score } from '../../../trainer/score.ts'
import { measure, readRequest, tellPoint } from './measure.ts'
import { writeRows } from './write-rows.ts'

// Work over many rows, in a process of its own so that its memory is its own.

const request = z
  .object({
    work: z.enum(['write', 'prepare', 'score', 'metrics', 'bootstrap']),
    rows: z.int().positive(),
    data: z.string(),
    predictions: z.string(),
    /** A model folder; its tokenizer alone is used. */
    model: z.string(),
    most: z.int().positive(),
    seconds: z.number(),
  })
  .parse(readRequest())

const { rows, data, predictions } = request

/** What a run does with its data before the first step: reading, checking, tokens, the plan of an epoch. */
async function preparation(): Promise<() => Promise<void>> {
  const { architecture } = await openModel(request.model)
  const tokenizer = await loadTokenizer(request.model)
  const kind = kindOf(architecture)
  const settings = { maxTargetLength: 32, stride: 64, passageLength: null }
  return async () => {
    const { examples } = await readDataset(data)
    const { items } = kind.makeItems(examples, { tokenizer, maxSourceLength: 512, settings })
    const lengths = items.map(({ sourceIds, targetIds }) => ({
      source: sourceIds.length,
      target: targetIds.length,
    }))
    planBatches(lengths, { batchSize: 8, seed: 0, epoch: 0 })
  }
}

/** What an evaluation makes of answers that are there: exact match, F1 and ROUGE-L of each, and the means. */
function metrics(): () => void {
  const examples = Array.from({ length: rows }, (_, i) => ({
    id: `q${i}`,
    form: 'qa' as const,
    question: `What does part ${i} say?`,
    answers: [{ text: `the part number ${i % 1000} of them`, start: null }],
  }))
  const answers = examples.map((_, i) => (i % 3 === 0 ? 'unanswerable' : `part number ${i % 999}`))
  return () => {
    scoreAnswers(examples, answers)
  }
}

/** The intervals that the comparison shows, with a tenth of its resamples. */
function intervals(): () => Promise<void> {
  const column = (shift: number) =>
    packColumn(
      'f1',
      Array.from({ length: rows }, (_, i) => [(i * 37 + shift) % 101]),
    )
  const pair = { before: column(0), after: column(11) }
  return async () => {
    await bootstrapPairs([pair], { resamples: 100 })
  }
}

async function workOf(): Promise<() => Promise<void> | void> {
  switch (request.work) {
    case 'prepare':
      return preparation()
    case 'score':
      return async () => {
        await score({ kind: 'score', data, predictions }, { report: () => undefined })
      }
    case 'metrics':
      return metrics()
    case 'bootstrap':
      return intervals()
    case 'write':
      return () => writeRows(rows, { data, predictions })
  }
}

const work = await workOf()
if (request.work === 'write') await work()
// A command reads its data once, in a fresh process: nothing is warmed up.
else tellPoint(await measure(work, { warmUps: 0, most: request.most, seconds: request.seconds }))
