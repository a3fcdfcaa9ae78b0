import { z } from 'zod'
import { readQuestions } from '../../../trainer/data/read-questions.ts'
import { squadFigures } from '../../../trainer/metrics/squad.ts'
import { readPredictions } from '../../../trainer/score.ts'
import { handler, serve } from '../serve.ts'
import { timed } from '../timed.ts'

// The official figures of predictions, in a process of its own so that its memory is its own.

const opened: Parameters<typeof squadFigures>[] = []

await serve({
  load: handler(z.object({ data: z.string(), predictions: z.string() }), async (files) => {
    const began = performance.now()
    opened.push([await readQuestions(files.data), await readPredictions(files.predictions)])
    return { seconds: (performance.now() - began) / 1000, versions: { node: process.versions.node } }
  }),
  score: handler(z.object({}), async () => {
    const [read] = opened
    if (!read) throw new Error('No questions are loaded.')
    const { result: figures, ...times } = await timed(() => squadFigures(...read))
    return { ...times, figures }
  }),
})
