import type { Browser, CDPSession, Page } from 'playwright-core'
import { processFigures } from './process-figures.ts'

/** What a page holds after garbage was collected. */
export interface PageFigures {
  readonly heapMb: number
  /** Nodes of documents, those taken out of one but still held among them. */
  readonly nodes: number
  readonly listeners: number
}

/** Looks into a page of Chromium. */
export interface PageProbe {
  figures(): Promise<PageFigures>
  /** Stops the page as a browser does with a tab long in the background; false wakes it. */
  freeze(frozen: boolean): Promise<void>
}

export async function probePage(page: Page): Promise<PageProbe> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  return {
    figures: async () => {
      // Twice: what the first one finalises may have held others.
      for (let time = 0; time < 2; time++) await session.send('HeapProfiler.collectGarbage')
      const { metrics } = await session.send('Performance.getMetrics')
      const metric = (wanted: string): number => metrics.find(({ name }) => name === wanted)?.value ?? NaN
      return {
        heapMb: metric('JSHeapUsedSize') / 2 ** 20,
        nodes: metric('Nodes'),
        listeners: metric('JSEventListeners'),
      }
    },
    freeze: async (frozen) => {
      await session.send('Page.setWebLifecycleState', { state: frozen ? 'frozen' : 'active' })
    },
  }
}

/** Memory of the browser's processes that run pages, in MB; files that are mapped are left out. */
export async function renderersMb(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const pids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
    return pids.reduce((sum, pid) => sum + processFigures(pid).anonymousMb, 0)
  } finally {
    await session.detach()
  }
}
