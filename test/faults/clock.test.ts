import { expect, test } from 'vitest'
import type { RunUpdate } from '../../main/contract/runs.ts'
import { endless, openRunsApp, quiet } from '../main/runs/runs-app.ts'

const hour = 3_600_000

test('a clock that is set back turns neither the queue nor the list around, and no run ends before it began', async () => {
  let shift = 0
  const app = await openRunsApp(undefined, { now: () => Date.now() + shift })
  const started = [(await app.start(endless)).id]
  await app.until(started[0] ?? '', ({ step }) => step > 3)
  for (const hours of [0, -24 * 400, 24 * 4_000, -1]) {
    shift = hours * hour
    started.push((await app.start()).id)
  }
  // Resumed, a run takes the last place, too.
  const again = started.splice(1, 1)[0] ?? ''
  await app.runs['runs.pause']({ runId: again }, quiet())
  await app.runs['runs.resume']({ runId: again }, quiet())
  const ahead = await Promise.all([...started, again].map((id) => aheadOf(id)))
  expect(ahead).toEqual([0, 1, 2, 3, 4])
  const listed = await app.runs['runs.list']({ projectId: 'p1' }, quiet())
  expect(listed.map(({ id }) => id)).toEqual([started[0], again, ...started.slice(1)].toReversed())

  shift = -24 * 400 * hour
  await app.close()
  const ended = await openRunsApp(app.home)
  const run = await ended.until(started[0] ?? '', ({ status }) => status === 'paused')
  expect((run.endedAt ?? 0) - (run.startedAt ?? 0)).toBeGreaterThanOrEqual(0)

  async function aheadOf(runId: string): Promise<number | undefined> {
    const watched = app.watch(runId)
    await expect.poll(() => watched.updates.length).toBeGreaterThan(0)
    await watched.stop()
    return watched.updates.find((update: RunUpdate) => update.kind === 'snapshot')?.progress.ahead
  }
})
