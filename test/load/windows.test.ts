import { expect, test } from 'vitest'
import { argumentChecks } from '../../main/contract/arguments.ts'
import type { Methods } from '../../main/contract/methods.ts'
import { createEvaluations } from '../../main/evaluations/evaluations.ts'
import { createClient } from '../../main/rpc/client.ts'
import { serveRpc } from '../../main/rpc/server.ts'
import { errorValueOf } from '../../main/trainers/error-value.ts'
import { openAnsweringApp } from '../support/answering-app.ts'
import { memoryTransportPair } from '../support/memory-transport.ts'
import { temporaryStore } from '../support/stored-run.ts'

/** Windows over the real call layer, comparisons and answering process; the first asks what takes long. */
async function openWindows(count: number) {
  const { answering, model } = await openAnsweringApp({ settings: { threads: 1, maxTargetLength: 4 } })
  const handlers = createEvaluations({
    store: await temporaryStore(),
    answering,
    runOf: () => Promise.resolve(null),
    modelOf: () => Promise.resolve({ folder: model, name: 'Tiny T5' }),
  })
  const answered: string[] = []
  const windows = Array.from({ length: count }, (_, window) => {
    const [left, right] = memoryTransportPair()
    serveRpc(right, { handlers, checks: argumentChecks, toErrorValue: errorValueOf }, { version: '0' })
    const client = createClient<Methods>(() => left)
    const ask = async (name: string, context = 'The sentence is so short.') => {
      const args = { projectId: 'p', runId: null, question: `Which is short, ${name}?`, context }
      try {
        await client.call('compare.ask', args)
        answered.push(`${window} ${name}`)
        return 'answered'
      } catch (thrown) {
        return thrown instanceof Error && 'code' in thrown ? thrown.code : thrown
      }
    }
    return { ask, close: () => left.close() }
  })
  return { windows, answering, answered }
}

test('50 windows take turns: each is answered in its order, busy is told, and windows that go free their places', async () => {
  const { windows, answering, answered } = await openWindows(51)
  const [holder, ...others] = windows
  const held = holder?.ask('long', 'The sentence is so short. '.repeat(7_000))
  await expect.poll(() => answering.load()).toMatchObject({ answering: 1 })
  const outcomes = others.map(({ ask }) => [ask('first'), ask('second')])
  await expect.poll(() => answering.load()).toMatchObject({ waiting: 64 })

  others.slice(0, 25).forEach(({ close }) => close())
  const gone = await Promise.all(outcomes.slice(0, 25).flat())
  // Who is busy depends on whose question came first.
  for (const one of gone) expect(one).toBeOneOf(['connection_lost', 'busy'])
  expect(gone).toContain('connection_lost')
  const stayed = answering.load().waiting
  expect(stayed).toBeLessThan(64)
  holder?.close()
  expect(await held).toBe('connection_lost')

  const rest = await Promise.all(outcomes.slice(25).flat())
  expect(rest.filter((one) => one === 'answered')).toHaveLength(stayed)
  expect(rest.filter((one) => one === 'busy')).toHaveLength(50 - stayed)
  expect(answered).toHaveLength(stayed)
  for (const window of new Set(answered.map((one) => one.split(' ')[0]))) {
    const own = answered.filter((one) => one.startsWith(`${window} `))
    expect(own).toEqual(own.toSorted())
  }
  // Each window's first question comes before anybody's second.
  const seconds = answered.findIndex((one) => one.endsWith('second'))
  expect(answered.slice(seconds).every((one) => one.endsWith('second'))).toBe(true)
  expect(answering.load()).toMatchObject({ waiting: 0, answering: 0 })
})
