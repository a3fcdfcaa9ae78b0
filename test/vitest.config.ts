import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Hundreds of processes read the same sources: from the second on they take what was compiled, in half the time.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '..', 'node_modules', '.cache', 'tests')

const files = { files: true, tests: true }
// One second, the usual bound, is little for a window on a busy machine.
const expect = { poll: { timeout: 20_000 } }

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: 60_000,
          expect,
          sequence: { shuffle: files, groupOrder: 0 },
        },
      },
      {
        test: {
          // A browser, a host and a trainer each: one after another, when the processors are free.
          name: 'window',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 240_000,
          expect,
          sequence: { shuffle: files, groupOrder: 1 },
        },
      },
    ],
  },
})
