import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { fileBytes, folderSize } from './folder-size.ts'
import { heapFigures } from './inspector.ts'
import type { HeapFigures, Inspector } from './inspector.ts'
import { renderersMb } from './page-figures.ts'
import type { PageFigures, PageProbe } from './page-figures.ts'
import { processFigures } from './process-figures.ts'
import type { ProcessFigures } from './process-figures.ts'
import type { SoakHost } from './soak-host.ts'

/** What all that takes part in a run holds after a step. */
export interface Sample {
  readonly step: number
  readonly seconds: number
  readonly host: ProcessFigures & HeapFigures
  readonly trainer: ProcessFigures & HeapFigures
  readonly page: PageFigures
  readonly renderersMb: number
  readonly metricsBytes: number
  readonly storeBytes: number
  /** The log of writes that are not in the store's own file yet. */
  readonly logBytes: number
  readonly runFiles: number
  readonly runBytes: number
}

export interface Sampled {
  readonly host: SoakHost
  readonly trainer: { readonly pid: number; readonly inspector: Inspector }
  readonly page: PageProbe
  readonly browser: Browser
  readonly home: string
  readonly runFolder: string
}

/** Looks at everything. The resident memory is read before garbage is collected, which a run does by itself too. */
export async function takeSample(step: number, began: number, sampled: Sampled): Promise<Sample> {
  const { host, trainer, page, browser, home, runFolder } = sampled
  const ofHost = processFigures(host.pid)
  const ofTrainer = processFigures(trainer.pid)
  const run = await folderSize(runFolder)
  return {
    step,
    seconds: (performance.now() - began) / 1000,
    renderersMb: await renderersMb(browser),
    host: { ...ofHost, ...(await heapFigures(host.inspector)) },
    trainer: { ...ofTrainer, ...(await heapFigures(trainer.inspector)) },
    page: await page.figures(),
    metricsBytes: await fileBytes(join(runFolder, 'metrics.jsonl')),
    storeBytes: await fileBytes(join(home, 'store.sqlite')),
    logBytes: await fileBytes(join(home, 'store.sqlite-wal')),
    runFiles: run.files,
    runBytes: run.bytes,
  }
}
