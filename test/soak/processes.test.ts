import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { goThrough } from './process-rounds.ts'
import { processWays } from './process-ways.ts'

const short = [
  'answered, ended when idle',
  'killed while it trains',
  'trained to the end',
  'crashed while it trains',
  'the app closed while it trains',
] as const

test('processes that are started and stopped leave nothing behind', { timeout: 240_000 }, async () => {
  const ways = short.map((name) => [name, processWays[name]] as const)
  const { rounds, faults } = await goThrough(await temporaryFolder(), ways, 1)
  expect(faults).toEqual([])
  expect(rounds.map(({ exitListeners }) => exitListeners - (rounds[0]?.exitListeners ?? 0))).toEqual(
    rounds.map(() => 0),
  )
  expect(rounds.at(-1)?.files).toBe(0)
  // One that happens to be open at a moment is no leak; one a process would be.
  expect((rounds.at(-1)?.descriptors ?? NaN) - (rounds[0]?.descriptors ?? NaN)).toBeLessThan(short.length - 1)
})

test('a process that is left behind is found', async () => {
  const leave = (): Promise<void> => {
    spawn('sleep', ['60'], { stdio: 'ignore' })
    return Promise.resolve()
  }
  const { faults } = await goThrough(await temporaryFolder(), [['leaving one', leave]], 1, 100)
  expect(faults).toEqual([expect.stringMatching(/^leaving one: 1 processes are left behind/)])
})
