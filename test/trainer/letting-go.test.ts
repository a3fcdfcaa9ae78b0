import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { answerQuestions, openAnswering } from '../../trainer/answer.ts'
import { openTextModel } from '../../trainer/open-model.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { writeTinyRun } from '../support/tiny-run.ts'

test('a question about many long texts is let go while they are still cut into windows', async () => {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const settings = parseSettings({ threads: 1, maxTargetLength: 4, maxSourceLength: 48 })
  const text = await openTextModel(join(folder, 'model'), null, settings)
  const session = await openAnswering(text, [null], settings)
  onTestFinished(() => session.dispose())
  let encoded = 0
  const tokenizer = new Proxy(text.tokenizer, {
    get: (target, name) => {
      if (name === 'encode') encoded++
      return Reflect.get(target, name) as unknown
    },
  })
  const questions = Array.from({ length: 100 }, (_, i) => ({
    question: 'Which is short?',
    context: `The sentence ${i} is so short. `.repeat(400),
  }))
  const leaving = new AbortController()
  setImmediate(() => leaving.abort())
  const { signal } = leaving
  const answering = answerQuestions(session, { ...text, tokenizer }, questions, {
    settings,
    adapter: null,
    signal,
  })
  await expect(answering).rejects.toMatchObject({ code: 'cancelled' })
  // All of them take more than 60,000.
  expect(encoded).toBeGreaterThan(0)
  expect(encoded).toBeLessThan(30_000)
})
