import type { RunInfo, RunProgress, RunStatus } from '../../main/contract/runs.ts'
import { host } from '../connect.ts'
import { onChange } from './changes.ts'

const activeStatuses: ReadonlySet<RunStatus> = new Set([
  'queued',
  'starting',
  'running',
  'pausing',
  'stopping',
])

let runs = $state.raw<readonly RunInfo[]>([])
let progress = $state.raw<RunProgress>()
/** The newest that was told; shown once a second, which is enough for a line in the app's bar. */
let latest: RunProgress | undefined
let shown: ReturnType<typeof setTimeout> | undefined
const indicatorMs = 1000
let watched: { readonly id: string; readonly cancel: AbortController } | undefined
let queued: ReturnType<typeof setTimeout> | undefined

/** The run at work, of whichever project, and those that wait; reactive. */
export const activeRun = {
  /** The one at work; undefined where nothing is. */
  get run(): RunInfo | undefined {
    return runs.find(({ status }) => status !== 'queued') ?? runs[0]
  },
  get progress(): RunProgress | undefined {
    return progress
  },
  /** Runs that wait for their turn. */
  get waiting(): number {
    return runs.filter(({ status }) => status === 'queued').length
  },
}

/** True while a run is at work or waits. */
export function isActive(status: RunStatus): boolean {
  return activeStatuses.has(status)
}

async function load(): Promise<void> {
  try {
    runs = (await host.call('runs.list', { projectId: null })).filter(({ status }) => isActive(status))
  } catch {
    // The next change asks again; the lost connection has its own banner.
  }
  watch(activeRun.run?.id)
}

function showLatest(): void {
  shown = undefined
  if (watched) progress = latest
}

function watch(runId: string | undefined): void {
  if (watched?.id === runId) return
  watched?.cancel.abort()
  watched = undefined
  progress = undefined
  latest = undefined
  if (runId === undefined) return
  const cancel = new AbortController()
  watched = { id: runId, cancel }
  host
    .call(
      'runs.watch',
      { runId, maxPoints: 2 },
      {
        onEvent: (update) => {
          if (watched?.id !== runId) return
          latest = update.progress
          shown ??= setTimeout(showLatest, progress ? indicatorMs : 0)
        },
        signal: cancel.signal,
        retry: true,
      },
    )
    .catch(() => undefined)
}

void load()
onChange((change) => {
  if (change !== 'reconnected' && change.topic !== 'runs' && change.topic !== 'projects') return
  queued ??= setTimeout(() => {
    queued = undefined
    void load()
  }, 150)
})
