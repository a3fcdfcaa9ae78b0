/**
 * Windows that come and go, over the built web host and in Chromium: a page that is loaded anew many times, and one
 * that walks through all steps of a project again and again. `npm run build && npm exec -- node test/soak/windows.ts
 * --loads 200 --walks 50 --seed 1` prints what host and page hold and by how much it grows, and exits 1 where a
 * bound is broken.
 */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { steps } from '../../main/contract/projects.ts'
import { openBrowser } from '../e2e/support/browser.ts'
import { heapFigures } from './inspector.ts'
import { judge, judgements } from './judge.ts'
import type { Measure } from './judge.ts'
import { probePage, renderersMb } from './page-figures.ts'
import { processFigures } from './process-figures.ts'
import { readCounts, runScript } from './script.ts'
import { startSoakHost } from './soak-host.ts'
import type { SoakHost } from './soak-host.ts'
import { makeSoakProject, soakSettings, writeSoakFiles } from './soak-project.ts'

const { loads, walks, seed } = readCounts({ loads: 200, walks: 50, seed: 1 })

/** A row of figures: what was done so often, and what was held then. */
type Figures = Readonly<Record<string, number>>

/** The most that each may grow by one load or walk; whatever is not named here may not grow by more than 0.02. */
const most: Readonly<Record<string, number>> = {
  // A window that stayed would be some 11 kB; code that is compiled as it is used more is less and less.
  'host, live heap, MB': 0.01,
  'host, own memory, MB': 0.1,
  // The browser compiles what is used, and keeps lists of timings of its own, which it bounds.
  'page, live heap, MB': 0.03,
  'page, nodes': 2,
  'page, listeners': 0.2,
  // The browser collects when it likes: by walk, not by load, which drops everything.
  'renderer, own memory, MB': 1,
}

async function hostFigures(host: SoakHost): Promise<Figures> {
  const { anonymousMb, descriptors } = processFigures(host.pid)
  const { heapMb, handles, exitListeners } = await heapFigures(host.inspector)
  return {
    'host, live heap, MB': heapMb,
    'host, own memory, MB': anonymousMb,
    'host, descriptors': descriptors,
    'host, handles': handles,
    'host, listeners for the end': exitListeners,
  }
}

/** A project with a run that is finished, so that every step shows something. */
async function prepare(host: SoakHost, folder: string): Promise<string> {
  const client = host.connect()
  const files = await writeSoakFiles(folder, { seed })
  const { projectId, modelId } = await makeSoakProject(client, files)
  const settings = { ...soakSettings, maxSteps: 200, bestMetric: 'loss' }
  const { id: runId } = await client.call('runs.start', { projectId, modelId, name: null, settings })
  while ((await client.call('runs.get', { runId })).status !== 'finished')
    await new Promise((resolve) => setTimeout(resolve, 100))
  client.close()
  return projectId
}

async function openPage(browser: Browser, address: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await page.goto(address)
  await page.getByRole('heading', { level: 1 }).waitFor()
  return page
}

/** Loads a page anew so often; every other time before the last load is through, as an impatient person does. */
async function loadAnew(host: SoakHost, browser: Browser, path: string): Promise<readonly Figures[]> {
  const page = await openPage(browser, `${host.address}#${path}`)
  const rows: Figures[] = []
  for (let load = 0; load < loads; load++) {
    const reload = () => page.reload({ waitUntil: load % 2 === 0 ? 'load' : 'commit' })
    // Chromium has no page to load anew for the moment in which one gives way to the next.
    await reload().catch(async (thrown: unknown) => {
      if (!String(thrown).includes('Not attached to an active page')) throw thrown
      await page.waitForTimeout(100)
      await reload()
    })
    if (load % 2 === 0) await page.getByRole('heading', { level: 1 }).waitFor()
    if (load % Math.ceil(loads / 40) === 0) rows.push(await hostFigures(host))
  }
  await page.context().close()
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  return rows
}

/** Walks through all steps so often, by the links that a person uses. */
async function walk(host: SoakHost, browser: Browser, path: string): Promise<readonly Figures[]> {
  const page = await openPage(browser, `${host.address}#${path}`)
  const probe = await probePage(page)
  const rows: Figures[] = []
  for (let round = 0; round < walks; round++) {
    for (const step of steps) {
      await page.locator(`nav a[href*="/${step}"]`).first().click()
      await page.getByRole('heading', { level: 1, name: new RegExp(step, 'i') }).waitFor()
      // What is shown of a step comes after its heading.
      await page.waitForTimeout(60)
    }
    const { heapMb, nodes, listeners } = await probe.figures()
    rows.push({
      ...(await hostFigures(host)),
      'page, live heap, MB': heapMb,
      'page, nodes': nodes,
      'page, listeners': listeners,
      'renderer, own memory, MB': await renderersMb(browser),
    })
  }
  await page.context().close()
  return rows
}

/** The measures of rows that were taken every so many times. */
function measuresOf(rows: readonly Figures[], every: number): readonly Measure[] {
  return Object.keys(rows[0] ?? {}).map((name) => ({
    name,
    unit: '',
    most: most[name] ?? 0.02,
    points: rows.map((row, i) => ({ x: i * every, y: row[name] ?? NaN })),
  }))
}

await runScript(async (folder, onEnd) => {
  const host = await startSoakHost(join(folder, 'home'))
  onEnd(() => host.stop())
  const projectId = await prepare(host, folder)
  const browser = await openBrowser()
  onEnd(() => browser.close())
  const faults: string[] = []
  const before = processFigures(host.pid).descriptors
  const tell = (what: string, rows: readonly Figures[], every: number): void => {
    const judged = measuresOf(rows, every).map(judge)
    const [one, far] = [
      { count: 1, name: what },
      { count: 1000, name: `1,000 ${what}s` },
    ]
    process.stdout.write(`${judgements(judged, one, far)}\n\n`)
    faults.push(...judged.flatMap(({ fault }) => fault ?? []))
  }
  const trainPath = `/p/${projectId}/train`
  tell('load', await loadAnew(host, browser, trainPath), Math.ceil(loads / 40))
  tell('walk', await walk(host, browser, trainPath), 1)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const after = processFigures(host.pid).descriptors
  process.stdout.write(`descriptors of the host before all windows ${before}, after them ${after}\n`)
  if (after > before) faults.push(`${after - before} descriptors of windows that are gone are open`)
  if (/MaxListeners/.test(host.seen())) faults.push('Node warns of too many listeners')
  return faults
})
