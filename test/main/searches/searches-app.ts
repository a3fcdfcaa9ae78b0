import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { SearchDetail, SearchRequest } from '../../../main/contract/searches.ts'
import { createSearches } from '../../../main/searches/searches.ts'
import type { Searches } from '../../../main/searches/searches.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { copySplits, openRunsApp, quiet, tiny } from '../runs/runs-app.ts'
import type { RunsApp } from '../runs/runs-app.ts'

export interface SearchesApp extends RunsApp {
  readonly searches: Searches
  readonly begin: (change?: Partial<SearchRequest>) => Promise<SearchDetail>
  /** Waits until a search is as wanted. */
  readonly untilSearch: (searchId: string, wanted: (search: SearchDetail) => boolean) => Promise<SearchDetail>
}

/** Trials of four steps over the tiny model, each validated twice. */
export const tinySearch: Omit<SearchRequest, 'projectId' | 'modelId'> = {
  settings: { ...tiny, maxSteps: 4, evaluateEvery: 2 },
  space: [{ name: 'learningRate', values: [0.001, 0.02] }],
  strategy: 'grid',
  trials: null,
  seed: 1,
  pruning: false,
  trialEpochs: null,
  keepScale: false,
}

/** The searches and the runs over a real store, real trainer processes and a tiny random model. */
export async function openSearchesApp({
  home,
  validation = true,
}: {
  /** The home folder of an earlier app. */
  readonly home?: string
  /** False where the project holds no validation examples. */
  readonly validation?: boolean
} = {}): Promise<SearchesApp> {
  const app = await openRunsApp(home)
  const { runs, store, home: folder } = app
  const searches = createSearches({
    store,
    changes: createChanges(),
    requireReady: runs.requireReady,
    startRun: (request) => runs['runs.start'](request, quiet()),
    writeData: async (_project, out) => {
      const written = await copySplits(join(folder, 'tiny'), out)
      return validation ? written : { ...written, validation: null }
    },
    trialRuns: {
      start: runs.startTrial,
      get: (runId) => runs['runs.get']({ runId }, quiet()),
      resume: (runId) => runs['runs.resume']({ runId }, quiet()),
      pause: (runId) => runs['runs.pause']({ runId }, quiet()),
      discard: (runId) => runs['runs.discard']({ runId }, quiet()),
      watch: (runId, emit, signal) => runs['runs.watch']({ runId, maxPoints: 2 }, { emit, signal }),
    },
  })
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await searches.quit()
    await runs.dispose()
    await searches.dispose()
    await app.close()
  }
  onTestFinished(close)
  if (home !== undefined) {
    await searches.recover()
    await runs.recover()
  }
  return {
    ...app,
    searches,
    close,
    begin: (change = {}) =>
      searches['search.start']({ projectId: 'p1', modelId: 'tiny', ...tinySearch, ...change }, quiet()),
    untilSearch: async (searchId, wanted) => {
      for (;;) {
        const search = await searches['search.get']({ searchId }, quiet())
        if (wanted(search)) return search
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}
