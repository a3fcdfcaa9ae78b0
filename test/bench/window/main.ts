/**
 * Measures the window over the real web host, in Chromium: the cold start, a table of 100,000 examples while it is
 * scrolled, and what the live charts of a run with 50,000 steps cost.
 * `npm run bench:window` prints one JSON document. Take it on a quiet machine.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { createApp, forkTrainer, plainCall } from '../../../main/app.ts'
import type { App } from '../../../main/app.ts'
import { startWebHost } from '../../../main/hosts/web/web-host.ts'
import { openBrowser } from '../../e2e/support/browser.ts'
import { repository } from '../../main/spawn-cli.ts'
import { quantile, summarize } from '../statistics.ts'

const rendererDir = join(repository, 'out', 'renderer')

/** Milliseconds from the command to a window that shows its projects and answers. */
async function coldStarts(browser: Browser, home: string, count: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const page = await (await browser.newContext()).newPage()
    const began = performance.now()
    const child = spawn(process.execPath, ['out/main/start.js', '--web', '--no-open', '--home', home], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const address = await new Promise<string>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const found = /http:\S+/.exec(text)
        if (found) resolve(found[0])
      })
    })
    await page.goto(address)
    await page.getByRole('button', { name: 'Open the sample' }).waitFor()
    times.push(performance.now() - began)
    await page.context().close()
    child.kill('SIGINT')
    await new Promise((resolve) => child.once('exit', resolve))
  }
  return times
}

async function openHost(home: string): Promise<{ app: App; address: string; close(): Promise<void> }> {
  const worker = fileURLToPath(new URL('./steps-worker.ts', import.meta.url))
  const app = await createApp({
    home,
    root: repository,
    version: '0.0.0',
    host: 'web',
    startTrainer: () => forkTrainer(worker),
  })
  const host = await startWebHost({ app: Promise.resolve(app), port: 0, rendererDir, version: '0.0.0' })
  const close = async (): Promise<void> => {
    await host.close()
    await app.dispose()
  }
  return { app, address: host.address, close }
}

async function importExamples({ handlers }: App, folder: string, count: number): Promise<string> {
  const path = join(folder, 'examples.csv')
  const rows = Array.from({ length: count }, (_, i) => {
    const text = `Article ${i} of shelf ${i % 97} can be returned for ${10 + (i % 50)} days, in its own box, with the receipt.`
    return `${i},"${text}",How long can article ${i} be returned?,${10 + (i % 50)} days`
  })
  await writeFile(path, ['id,context,question,answer', ...rows].join('\n'))
  const { id: projectId } = await handlers['projects.create']({ name: 'Many' }, plainCall)
  const file = { path }
  const { mapping } = await handlers['data.inspect']({ file }, plainCall)
  await handlers['data.import']({ projectId, file, name: null, mapping, use: 'auto' }, plainCall)
  await handlers['projects.choose']({ projectId, modelId: 'starter' }, plainCall)
  return projectId
}

/** Milliseconds between frames while the table is scrolled through its whole length. */
async function scrollFrames(page: Page, address: string, projectId: string): Promise<number[]> {
  await page.goto(`${address}#/p/${projectId}/data`)
  const table = page.getByRole('grid').or(page.getByRole('table')).first()
  await table.getByRole('row').nth(3).waitFor()
  await table.hover()
  await page.evaluate(`
    window.frames = []
    window.last = performance.now()
    const tick = (now) => { window.frames.push(now - window.last); window.last = now; window.raf = requestAnimationFrame(tick) }
    requestAnimationFrame(tick)
  `)
  for (let i = 0; i < 150; i++) {
    await page.mouse.wheel(0, i % 10 === 9 ? 60_000 : 700)
    await page.waitForTimeout(16)
  }
  const shown = await page.evaluate<string>('document.body.innerText')
  if (shown.includes('How long can article 3 be returned?')) throw new Error('The table was not scrolled.')
  return page.evaluate<number[]>('cancelAnimationFrame(window.raf), window.frames.slice(2)')
}

/** Share of one core that the page's main thread is busy while a run reports twenty steps a second. */
async function chartShare(page: Page, { app, address }: { app: App; address: string }, projectId: string) {
  const { id } = await app.handlers['runs.start'](
    { projectId, modelId: 'starter', name: null, settings: {} },
    plainCall,
  )
  await page.goto(`${address}#/p/${projectId}/train`)
  await page
    .getByText(/Step 5\d,\d{3} of/)
    .first()
    .waitFor({ timeout: 60_000 })
  await page.waitForTimeout(3000)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busy = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN
  }
  const seconds = 20
  const before = await busy()
  await page.waitForTimeout(seconds * 1000)
  const share = ((await busy()) - before) / seconds
  await app.handlers['runs.discard']({ runId: id }, plainCall)
  return share
}

const folder = await mkdtemp(join(tmpdir(), 'loracle-window-bench-'))
const browser = await openBrowser()
try {
  const starts = await coldStarts(browser, join(folder, 'empty'), 5)
  const host = await openHost(join(folder, 'home'))
  try {
    const began = performance.now()
    const projectId = await importExamples(host.app, folder, 100_000)
    const importSeconds = (performance.now() - began) / 1000
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
    const frames = await scrollFrames(page, host.address, projectId)
    const charts = await chartShare(page, host, projectId)
    const result = {
      processors: availableParallelism(),
      loadAverage: loadavg()[0],
      coldStartMs: summarize(starts),
      import100000Seconds: importSeconds,
      scrollFrameMs: { ...summarize(frames), p95: quantile(frames, 0.95), p99: quantile(frames, 0.99) },
      liveChartsShareOfACore: charts,
    }
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  } finally {
    await host.close()
  }
} finally {
  await browser.close()
  await rm(folder, { recursive: true, force: true })
}
