import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { jobSettings } from './job.ts'
import { runMatrix } from './matrix.ts'

/** The short form of `crash-matrix.ts`, under a clock that jumps by hours and years and on a machine that sleeps. */
test('killed time and again, a run ends as one that nobody killed', { timeout: 240_000 }, async () => {
  const result = await runMatrix({
    seed: 5,
    count: 3,
    targets: ['trainer', 'host', 'both'],
    folder: await temporaryFolder(),
    fromSource: false,
    settings: { ...jobSettings, epochs: 8 },
    clockHours: [0, 5, -5, 26_298, -26_298],
    sleepMs: 300,
  })
  expect(result).toMatchObject({ lost: 0, faults: [] })
  expect(result.kills).toHaveLength(3)
  expect(result.equal).toBe(result.runs)
})
