/**
 * A long run with the window open: the built web host, a real page of Chromium on the run's screen, a real trainer
 * on a small model. `npm run build && npm exec -- node test/soak/long-run.ts --steps 20000 --samples 60 --seed 1`
 * prints what host, trainer and page hold, and by how much it grows, and exits 1 where a bound is broken. In the
 * middle a second window comes late, is loaded anew, is put to sleep as a tab in the background, and goes again.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import type { RunDetail } from '../../main/contract/runs.ts'
import { openBrowser } from '../e2e/support/browser.ts'
import { judge, judgements } from './judge.ts'
import { measuresOf } from './long-run-measures.ts'
import { takeSample } from './long-run-samples.ts'
import type { Sample } from './long-run-samples.ts'
import { probePage } from './page-figures.ts'
import { processFigures } from './process-figures.ts'
import { readCounts, runScript } from './script.ts'
import { startSoakHost } from './soak-host.ts'
import type { SoakHost } from './soak-host.ts'
import { makeSoakProject, soakSettings, writeSoakFiles } from './soak-project.ts'

const { steps, seed, samples: sampleCount } = readCounts({ steps: 20_000, seed: 1, samples: 60 })
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Watched {
  step: number
  run: RunDetail | null
}

/** Follows a run over a connection of its own. */
function follow(host: SoakHost, runId: string): Watched {
  const watched: Watched = { step: 0, run: null }
  void host
    .connect()
    .call(
      'runs.watch',
      { runId, maxPoints: 2 },
      {
        retry: true,
        onEvent: ({ run, progress }) => {
          watched.step = progress.step
          watched.run = run ?? watched.run
        },
      },
    )
    .catch(() => undefined)
  return watched
}

async function until(what: string, holds: () => boolean | Promise<boolean>, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} seconds.`)
    await sleep(50)
  }
}

const isOver = ({ run }: Watched): boolean =>
  run !== null && ['finished', 'failed', 'paused'].includes(run.status)

async function openRun(browser: Browser, address: string, path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await page.goto(`${address}#${path}`)
  await page
    .getByText(/^Step [\d,]+ of/)
    .first()
    .waitFor({ timeout: 120_000 })
  return page
}

/** The step that a page shows. */
async function shownStep(page: Page): Promise<number> {
  const text =
    (await page
      .getByText(/^Step [\d,]+ of/)
      .first()
      .textContent()) ?? ''
  return Number(/Step ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '') ?? NaN)
}

/** A window that comes late, is loaded anew five times, sleeps for twenty seconds, and goes. */
async function visitLate(
  host: SoakHost,
  browser: Browser,
  { path, watched }: { readonly path: string; readonly watched: Watched },
): Promise<{ readonly faults: readonly string[]; readonly heapMb: number }> {
  const faults: string[] = []
  const before = processFigures(host.pid)
  const page = await openRun(browser, host.address, path)
  for (let time = 0; time < 5; time++) {
    await page.reload()
    await page
      .getByText(/^Step [\d,]+ of/)
      .first()
      .waitFor({ timeout: 120_000 })
  }
  await sleep(2_000)
  const probe = await probePage(page)
  const { heapMb } = await probe.figures()
  await probe.freeze(true)
  await sleep(20_000)
  const asleep = processFigures(host.pid)
  await probe.freeze(false)
  const woken = watched.step
  await until(
    'A window that was asleep shows the run again',
    async () => isOver(watched) || (await shownStep(page)) >= woken,
    60,
  )
  await page.context().close()
  await sleep(2_000)
  const after = processFigures(host.pid)
  say(
    `a late window at step ${watched.step}: live heap ${heapMb.toFixed(1)} MB after five loads; the host's own memory ${before.anonymousMb.toFixed(0)} MB before, ${asleep.anonymousMb.toFixed(0)} MB with it asleep, ${after.anonymousMb.toFixed(0)} MB after; descriptors ${before.descriptors}, ${after.descriptors}`,
  )
  if (after.descriptors > before.descriptors + 2)
    faults.push(
      `the host keeps ${after.descriptors - before.descriptors} descriptors of a window that is gone`,
    )
  // Twenty seconds of updates are 200 frames of some kB.
  if (asleep.anonymousMb > before.anonymousMb + 64)
    faults.push('the host gathers more than 64 MB for a window that sleeps')
  return { faults, heapMb }
}

await runScript(async (folder, onEnd) => {
  const faults: string[] = []
  const files = await writeSoakFiles(folder, { seed })
  const home = join(folder, 'home')
  const host = await startSoakHost(home)
  onEnd(() => host.stop())
  const client = host.connect()
  const { projectId, modelId } = await makeSoakProject(client, files)
  const browser = await openBrowser()
  onEnd(() => browser.close())

  const atRest = processFigures(host.pid)
  const settings = { ...soakSettings, maxSteps: steps }
  const { id: runId, folder: runFolder } = await client.call('runs.start', {
    projectId,
    modelId,
    name: null,
    settings,
  })
  const watched = follow(host, runId)
  const path = `/p/${projectId}/train?run=${runId}`
  const page = await openRun(browser, host.address, path)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  const pid = host.trainers()[0] ?? -1
  const trainer = { pid, inspector: await host.inspectTrainer(pid) }
  const sampled = { host, trainer, page: await probePage(page), browser, home, runFolder }

  const began = performance.now()
  const samples: Sample[] = []
  let late: { readonly faults: readonly string[]; readonly heapMb: number } | null = null
  for (let number = 1; number < sampleCount; number++) {
    const at = Math.floor((number * steps) / sampleCount)
    await until(`Step ${at}`, () => watched.step >= at || isOver(watched), 1_800)
    if (isOver(watched)) break
    samples.push(await takeSample(watched.step, began, sampled))
    if (late === null && number >= sampleCount / 2) late = await visitLate(host, browser, { path, watched })
  }
  trainer.inspector.close()
  await until('The end of the run', () => isOver(watched), 600)
  const seconds = (performance.now() - began) / 1000
  say(`${steps} steps in ${seconds.toFixed(0)} s, ${samples.length} samples, seed ${seed}`)
  if (watched.run?.status !== 'finished') faults.push(`the run is ${watched.run?.status ?? 'not there'}`)

  const judged = measuresOf(samples).map(judge)
  say(judgements(judged, { count: 1000, name: '1,000 steps' }, { count: 28_800, name: '8 h at 1 step/s' }))
  faults.push(...judged.flatMap(({ fault }) => fault ?? []))
  faults.push(...(late?.faults ?? ['no second window came']))
  const heapNow = samples.at(-1)?.page.heapMb ?? NaN
  if (late && late.heapMb > heapNow + 3)
    faults.push(
      `a late window holds ${late.heapMb.toFixed(1)} MB, one from the start ${heapNow.toFixed(1)} MB`,
    )

  await page
    .getByText(/Finished/)
    .first()
    .waitFor({ timeout: 60_000 })
  const text = await readFile(join(runFolder, 'metrics.jsonl'), 'utf8')
  const written = text.split('\n').filter((line) => line.includes('"type":"step"')).length
  const { recorded, points } = await client.call('runs.series', { runId, maxPoints: 20_000 })
  say(`steps in metrics.jsonl ${written}, in the series ${recorded} as ${points.length} points`)
  if (written !== steps || recorded !== steps) faults.push('steps are missing in the history')
  await until('The trainer is gone', () => host.trainers().length === 0, 20)
  await sleep(1_000)
  const { descriptors } = processFigures(host.pid)
  say(
    `descriptors of the host before the run ${atRest.descriptors}, after it ${descriptors} with a window open`,
  )
  if (descriptors > atRest.descriptors + 4) faults.push('the run has left descriptors open in the host')
  if (/MaxListeners/.test(host.seen())) faults.push('Node warns of too many listeners')
  for (const complaint of complaints) faults.push(`the page complained: ${complaint}`)
  return faults
})
