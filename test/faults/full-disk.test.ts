import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { fillDisks } from './full-disk.ts'
import { jobSettings } from './job.ts'

/** The short form of `full-disk-matrix.ts`. */
test(
  'where the disk is full a run says so, and ends as any other once there is room',
  { timeout: 240_000 },
  async () => {
    const result = await fillDisks({
      seed: 3,
      count: 2,
      parts: ['trainer', 'store'],
      folder: await temporaryFolder(),
      fromSource: false,
      settings: { ...jobSettings, epochs: 8 },
      share: 0.4,
    })
    expect(result).toEqual({ cases: 2, struck: 2, equal: 2, faults: [] })
  },
)
