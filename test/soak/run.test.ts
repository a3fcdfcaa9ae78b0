import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RunUpdate } from '../../main/contract/runs.ts'
import { startWebHost } from '../../main/hosts/web/web-host.ts'
import { repository } from '../main/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { connectTo } from './connect.ts'
import { childrenOf, processFigures } from './process-figures.ts'
import { openSoakApp } from './soak-app.ts'
import { makeSoakProject, soakSettings, writeSoakFiles } from './soak-project.ts'

const steps = 300
const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => /^TCPSocketWrap$/.test(name)).length

test('a run with windows that come and go keeps its descriptors, and its files grow by the step', async () => {
  const folder = await temporaryFolder()
  const soak = await openSoakApp(join(folder, 'home'))
  onTestFinished(() => soak.close())
  const { client } = soak
  const rendererDir = join(repository, 'renderer')
  const host = await startWebHost({ app: Promise.resolve(soak.app), port: 0, rendererDir, version: '0' })
  onTestFinished(() => host.close())
  const made = await makeSoakProject(client, await writeSoakFiles(folder, { seed: 1, rows: 40 }))
  const settings = { ...soakSettings, maxSteps: steps, evaluateEvery: 60, saveEvery: 20, bestMetric: 'loss' }
  const { id: runId, folder: runFolder } = await client.call('runs.start', { ...made, name: null, settings })

  const seen: { step: number; descriptors: number; threads: number }[] = []
  let status = ''
  const over = new AbortController()
  const watching = client
    .call(
      'runs.watch',
      { runId, maxPoints: 2 },
      {
        signal: over.signal,
        onEvent: ({ run, progress: { step, phase } }: RunUpdate) => {
          status = run?.status ?? status
          if (phase !== 'training' || step < steps / 5) return
          const pid = soak.newest().pid ?? -1
          if (childrenOf(process.pid).some((one) => one.pid === pid))
            seen.push({ step, ...processFigures(pid) })
        },
      },
    )
    .catch(() => undefined)
  await expect.poll(() => seen.length, { timeout: 60_000 }).toBeGreaterThan(0)

  const before = sockets()
  for (let round = 0; round < 20; round++) {
    const { client: window, cut } = connectTo(host.address)
    const gone = new AbortController()
    const first = new Promise<RunUpdate>((resolve) => {
      window
        .call('runs.watch', { runId, maxPoints: 50 }, { onEvent: resolve, signal: gone.signal })
        .catch(() => undefined)
    })
    const update = await first
    expect(update.kind === 'snapshot' && update.series.points.length).toBeLessThanOrEqual(50)
    // By the close of the window, by the loss of its machine, or by leaving the screen first.
    if (round % 3 === 0) cut()
    if (round % 3 === 1) gone.abort()
    window.close()
  }
  await expect.poll(sockets).toBeLessThanOrEqual(before)

  await expect.poll(() => status, { timeout: 120_000 }).toBe('finished')
  over.abort()
  await watching
  expect(seen.length).toBeGreaterThan(2)
  const [first, last] = [seen[0], seen.at(-1)]
  // A file that is being written is open for a moment.
  expect((last?.descriptors ?? NaN) - (first?.descriptors ?? NaN)).toBeLessThanOrEqual(2)

  const lines = (await readFile(join(runFolder, 'metrics.jsonl'), 'utf8')).split('\n')
  const bytes = lines.filter((line) => line.includes('"type":"step"')).map((line) => line.length)
  expect(bytes).toHaveLength(steps)
  const mean = (from: number, to: number): number =>
    bytes.slice(from, to).reduce((sum, length) => sum + length, 0) / (to - from)
  expect(mean(200, 300) / mean(50, 150)).toBeGreaterThan(0.9)
  expect(mean(200, 300) / mean(50, 150)).toBeLessThan(1.1)
  const log = await stat(join(folder, 'home', 'store.sqlite-wal'))
  expect(log.size).toBeLessThan(4e6)
  await expect.poll(() => childrenOf(process.pid).some(({ pid }) => pid === soak.newest().pid)).toBe(false)
})
