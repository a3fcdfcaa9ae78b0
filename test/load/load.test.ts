import { expect, onTestFinished, test } from 'vitest'
import { startApiServer } from '../../main/hosts/serve/api-server.ts'
import { openAnsweringApp } from '../support/answering-app.ts'
import { allAtOnce, crashing, loadOf, together, vanishing, withExpected } from './phases.ts'
import { sampleQuestions } from './questions.ts'

/** The short form of load.ts: the same phases with a tiny random model. */
test('50 clients at once are all answered in their order; vanished ones free their places', async () => {
  const { answering, model, pid } = await openAnsweringApp()
  const served = {
    models: [{ id: 'loracle-base', model, adapter: null }] as const,
    settings: { maxTargetLength: 4, maxSourceLength: 512 },
    form: 'qa' as const,
    search: null,
    answering,
  }
  const server = await startApiServer({ served, port: 0, key: 'secret-key' })
  onTestFinished(() => server.close())
  const short = (await sampleQuestions(10)).map(({ question, context }) => ({
    question,
    context: context.slice(0, 80),
  }))
  const target = await withExpected({ port: server.port, key: 'secret-key' }, short)
  expect(new Set(target.expected.values()).size).toBe(10)

  const patient = await together(target, 50, 2)
  expect(patient).toMatchObject({ asked: 100, answered: 100, orderFaults: 0, refused: 0 })

  const greedy = await allAtOnce(target, 50, 2)
  expect(greedy).toMatchObject({ asked: 100, answered: 100, orderFaults: 0 })
  expect(greedy.refused).toBeGreaterThan(0)

  const stayed = await vanishing(target, 50)
  expect(stayed).toMatchObject({ vanished: 26, answered: 25, orderFaults: 0 })

  const crash = await crashing(target, 50, () => process.kill(pid(0), 'SIGKILL'))
  expect(crash).toMatchObject({ answered: 49, orderFaults: 0, failed: [502] })
  expect(await loadOf(target)).toMatchObject({ waiting: 0, answering: 0, held_bytes: 0 })
})
