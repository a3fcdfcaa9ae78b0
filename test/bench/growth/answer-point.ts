import { z } from 'zod'
import { answerQuestions, openAnswering } from '../../../trainer/answer.ts'
import { readQuestions } from '../../../trainer/data/read-questions.ts'
import { openTextModel } from '../../../trainer/open-model.ts'
import { parseSettings } from '../../../trainer/settings.ts'
import { measure, readRequest, tellPoint } from './measure.ts'

// Answers so many questions, in a process of its own so that its memory is its own.

const request = z
  .object({
    folder: z.string(),
    data: z.string(),
    count: z.int().positive(),
    threads: z.int().positive(),
    most: z.int().positive(),
    seconds: z.number(),
  })
  .parse(readRequest())

const settings = parseSettings({ threads: request.threads, maxTargetLength: 16 })
const text = await openTextModel(request.folder, null, settings)
const known = await readQuestions(request.data)
const questions = Array.from({ length: request.count }, (_, i) => known[i % known.length]).filter(
  (question) => question !== undefined,
)
const session = await openAnswering(text, [null], settings)
const signal = new AbortController().signal
const measured = await measure(
  async () => {
    await answerQuestions(session, text, questions, { settings, adapter: null, signal })
  },
  { warmUps: 0, most: request.most, seconds: request.seconds },
)
await session.dispose()
tellPoint(measured)
