import { setTimeout as sleep } from 'node:timers/promises'
import type { Report, TrainResult } from '../../trainer/protocol.ts'
import type { Job } from '../contract/engine.ts'
import { AppError } from '../contract/errors.ts'
import type { ErrorReport, ErrorValue } from '../contract/errors.ts'
import type { LogLine } from '../contract/runs.ts'
import type { Changes } from '../store/changes.ts'
import type { Store } from '../store/open.ts'
import { errorValueOf } from '../trainers/error-value.ts'
import { waitAwake } from '../trainers/patience.ts'
import type { Providers } from '../trainers/providers.ts'
import { startJob } from '../trainers/trainer-job.ts'
import type { TrainerProcess } from '../trainers/trainer-process.ts'
import { removeLeftovers } from './leftovers.ts'
import { LiveRun } from './live-run.ts'
import { readCourse } from './metrics-reader.ts'
import { discardRun } from './passing-folders.ts'
import { prepareTraining } from './prepare-training.ts'
import type { ModelFolderOf } from './prepare-training.ts'
import { factsOf, readLog, readRun } from './run-row.ts'
import type { RunRow } from './run-row.ts'
import { changeRun, saveProgress, storeResult, writeLog, writeNotice } from './run-writes.ts'
import { checkpointStep, isFolder, readResultFile } from './saved-state.ts'
import { createUnwrittenLog } from './unwritten-log.ts'
import type { UnwrittenLog } from './unwritten-log.ts'
import type { News } from './watchers.ts'

/** What a person wants of the run that is at work. */
export type Wish = 'pause' | 'keep' | 'discard' | 'halt' | 'quit'

export interface RunnerOptions {
  readonly store: Store
  readonly changes: Changes
  readonly startTrainer: () => TrainerProcess
  readonly providers: Pick<Providers, 'settle'>
  readonly modelFolder: ModelFolderOf
  readonly publish: (runId: string, news: News) => void
  /** Called before a run takes the machine. */
  readonly beforeStart: () => Promise<void>
  readonly now: () => number
  /** Milliseconds that a run has for its checkpoint when the app quits. */
  readonly quitGraceMs: number
}

/** The run that has the training slot. */
export interface ActiveRun {
  readonly runId: string
  readonly projectId: string
  readonly name: string
  /** Null until its files were checked. */
  readonly live: LiveRun | null
  readonly wish: Wish | null
}

/** One training slot with a queue behind it: first queued, first trained, across all projects. */
export interface Runner {
  /** Starts the next queued run where the slot is free. */
  pump(): void
  active(): ActiveRun | null
  /** Tells the run at work what is wanted of it; resolves when that was passed on, not when it is done. */
  wish(runId: string, wish: Wish): void
  /** Resolves when the run no longer has the slot. */
  ended(runId: string): Promise<void>
  dispose(): Promise<void>
}

interface Slot {
  readonly runId: string
  readonly projectId: string
  readonly name: string
  live: LiveRun | null
  job: Job<TrainResult> | null
  wish: Wish | null
  log: UnwrittenLog
  /** When its steps were stored last, by a clock that nobody sets; 0 before the first time. */
  saved: number
  ended: Promise<void>
}

type Outcome = TrainResult | ErrorReport

/** Milliseconds between two attempts to store something on a full disk. */
const fullDiskMs = 500
/** Milliseconds between two writes of a run's steps. */
const writeEveryMs = 2_000

export function createRunner(options: RunnerOptions): Runner {
  const { store, changes, startTrainer, modelFolder, publish, now } = options
  let slot: Slot | null = null
  let pumping: Promise<void> = Promise.resolve()
  let disposed = false

  const tell = (run: Pick<Slot, 'runId' | 'projectId'>, news: News = { row: true }): void => {
    publish(run.runId, news)
    changes.publish('runs', run.projectId)
  }

  const pump = (): void => {
    pumping = pumping.then(startNext).catch(() => {
      // The store could not be read: the next change of a run tries again.
    })
  }

  const startNext = async (): Promise<void> => {
    if (slot || disposed) return
    const row = await store.get<RunRow>(
      `SELECT * FROM run WHERE status = 'queued' ORDER BY queued_at, created_at LIMIT 1`,
    )
    if (!row) return
    const taken: Slot = {
      runId: row.id,
      projectId: row.project_id,
      name: row.name,
      live: null,
      job: null,
      wish: null,
      log: createUnwrittenLog(store, row.id),
      saved: 0,
      ended: Promise.resolve(),
    }
    slot = taken
    taken.ended = work(taken, row)
      .catch((thrown: unknown) => fail(taken, errorValueOf(thrown)))
      .catch(() => {
        // Not even the failure could be stored; the next start of the app finds the run as interrupted.
      })
      .finally(() => {
        slot = null
        tell(taken)
        pump()
      })
  }

  const work = async (run: Slot, row: RunRow): Promise<void> => {
    const claim = { status: 'starting', started_at: row.started_at ?? now(), ended_at: null } as const
    if (!(await changeRun(store, row.id, claim, ['queued']))) return
    tell(run)
    await tellQueue()
    await options.beforeStart()
    const command = await prepareTraining(row, modelFolder)
    // What was right when the run was queued may be gone since: another driver, another machine.
    await options.providers.settle(command.settings)
    const [course, log] = [await readCourse(row.folder), await readLog(store, row.id)]
    const live = new LiveRun(row, { course, log, now })
    run.live = live
    // Whoever watches was shown what the files say; from here on memory tells more.
    publish(row.id, { rewound: true })
    if (run.wish && run.wish !== 'keep') {
      await settle(run, { type: 'error', error: notBegun })
      return
    }
    const job = startJob<TrainResult>(startTrainer(), command, {
      onReport: (report) => take(run, live, report),
      wayOut: () => (row.search_id === null ? wayOut(live) : 'The search goes on with its next trial.'),
    })
    run.job = job
    if (factsOf(row).keepAtOnce || run.wish === 'keep') job.stop({ keep: true })
    await settle(run, await outcomeOf(row, await job.outcome))
  }

  const take = (run: Slot, live: LiveRun, report: Report): void => {
    const first = run.saved === 0
    const change = live.take(report)
    const { points, validations, log, rewound } = change
    const time = performance.now()
    const write = change.urgent || first || time - run.saved >= writeEveryMs
    publish(run.runId, { points, validations, log, rewound })
    log.forEach(run.log.add)
    if (log.length > 0) inBackground(run, run.log.write())
    if (!write) return
    run.saved = time
    const started = first ? changeRun(store, run.runId, { status: 'running' }, ['starting']) : null
    if (started) inBackground(run, started)
    inBackground(
      run,
      saveProgress(store, run.runId, live).then((there) => {
        // The project was deleted beneath it.
        if (!there) wish(run.runId, 'discard')
        else if (change.urgent || first) tell(run)
        else publish(run.runId, { row: true })
      }),
    )
  }

  /** Writes that nothing waits for: what fails now is written again with the next one, and at the end. */
  const inBackground = (run: Slot, write: Promise<unknown>): void => {
    write.catch((thrown: unknown) => {
      const text = `The store could not be written: ${errorValueOf(thrown).message}`
      if (!run.live || run.live.log.at(-1)?.text === text) return
      const line = run.live.write('error', text)
      run.log.add(line)
      publish(run.runId, { log: [line] })
    })
  }

  const settle = async (run: Slot, outcome: Outcome): Promise<void> => {
    const { live } = run
    if (live) await whenRoom(run, () => saveProgress(store, run.runId, live)).catch(() => undefined)
    if (run.wish === 'discard') await remove(run)
    else if (outcome.type === 'result' && outcome.stopped !== 'cancelled') await finish(run, outcome)
    else if (outcome.type === 'result' || run.wish === 'halt' || outcome.error.code === 'cancelled')
      await pause(run)
    else await fail(run, outcome.error)
  }

  const finish = async (run: Slot, result: TrainResult): Promise<void> => {
    if (run.live) run.live.phase = 'ended'
    const row = await readRun(store, run.runId)
    const texts = {
      finished: 'Finished',
      'early-stopping': 'Stopped early: the validation no longer got better,',
      kept: 'Stopped and kept',
      cancelled: 'Stopped',
    } as const
    const line = lineOf(run, 'info', `${texts[result.stopped]} after step ${result.step} of ${result.steps}.`)
    await whenRoom(run, () => storeResult(store, row, { result, at: endOf(row), line }))
    publish(run.runId, { log: [line] })
  }

  const pause = async (run: Slot): Promise<void> => {
    const row = await readRun(store, run.runId).catch(() => null)
    if (!row) return
    const step = await checkpointStep(row.folder)
    const facts = { ...factsOf(row), keepAtOnce: false }
    const saved = step > 0 ? `saved at step ${step}` : 'before its first checkpoint: it will begin anew'
    const why = run.wish === 'quit' ? 'Paused because Loracle was closed' : 'Paused'
    const line = lineOf(run, 'info', `${why}, ${saved}.`)
    await whenRoom(run, () =>
      store.transaction(async (writer) => {
        const end = { status: 'paused', ended_at: endOf(row), checkpoint_step: step } as const
        await changeRun(writer, run.runId, { ...end, facts: JSON.stringify(facts) })
        await writeLog(writer, run.runId, line)
      }),
    )
    publish(run.runId, { log: [line] })
  }

  const fail = async (run: Slot, error: ErrorValue): Promise<void> => {
    const row = await readRun(store, run.runId).catch(() => null)
    if (!row) return
    const step = await checkpointStep(row.folder)
    const told = (await isFolder(row.folder)) ? error : folderGone(row)
    await removeLeftovers(row.folder)
    const facts = { ...factsOf(row), keepAtOnce: false }
    const said = told.details['stderr']
    const words = typeof said === 'string' && said !== '' ? said.split('\n').slice(-5).join('\n') : null
    const lines = [told.message, ...(words === null ? [] : [`Its last words: ${words}`])].map((text) =>
      lineOf(run, 'error', text),
    )
    await whenRoom(run, () =>
      store.transaction(async (writer) => {
        await changeRun(writer, run.runId, {
          status: 'failed',
          ended_at: endOf(row),
          checkpoint_step: step,
          error: JSON.stringify(told),
          facts: JSON.stringify(facts),
        })
        const { projectId, runId } = run
        // Of a trial its search tells.
        if (row.search_id === null) await writeNotice(writer, { at: now(), error: told, projectId, runId })
        for (const line of lines) await writeLog(writer, runId, line)
      }),
    )
    publish(run.runId, { log: lines })
    changes.publish('notices', run.projectId)
  }

  /** On a full disk how a run ended is stored as soon as there is room: it is neither lost nor said to have failed. */
  const whenRoom = async (run: Slot, write: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      try {
        await run.log.write()
        await write()
        return
      } catch (thrown) {
        const isFull = errorValueOf(thrown).code === 'disk_full'
        if (disposed || !isFull || run.wish === 'discard') throw thrown
      }
      await sleep(fullDiskMs)
    }
  }

  const remove = async (run: Slot): Promise<void> => {
    const row = await readRun(store, run.runId).catch(() => null)
    if (row) await discardRun(store, run.runId, row.folder)
  }

  /** Now, but not before it started: clocks are set back, too. */
  const endOf = ({ started_at: start }: RunRow): number => Math.max(now(), start ?? 0)

  const lineOf = (run: Slot, level: LogLine['level'], text: string): LogLine =>
    run.live?.write(level, text) ?? { at: now(), level, text }

  /** Those that wait have moved up, or one more waits before them. */
  const tellQueue = async (): Promise<void> => {
    for (const { id } of await store.all<{ id: string }>(`SELECT id FROM run WHERE status = 'queued'`))
      publish(id, {})
  }

  const wish = (runId: string, wanted: Wish): void => {
    if (slot?.runId !== runId) return
    // Nothing is wanted of a run any more that is to be gone.
    if (slot.wish === 'discard' || slot.wish === 'halt') return
    slot.wish = wanted
    const { job } = slot
    if (wanted === 'discard' || wanted === 'halt') job?.kill()
    else job?.stop({ keep: wanted === 'keep' })
  }

  return {
    pump,
    active: () => slot,
    wish,
    ended: async (runId) => {
      if (slot?.runId === runId) await slot.ended
    },
    dispose: async () => {
      disposed = true
      await pumping
      const last = slot
      if (!last) return
      wish(last.runId, 'quit')
      const endWait = waitAwake(options.quitGraceMs, () => last.job?.kill())
      await last.ended
      endWait()
    },
  }
}

/** A trainer that dies between its result and the word of it has finished all the same: its folder says so. */
async function outcomeOf(row: RunRow, outcome: Outcome): Promise<Outcome> {
  if (outcome.type === 'result' || outcome.error.code !== 'trainer_crashed') return outcome
  const saved = await readResultFile(row.folder)
  return saved && saved.stopped !== 'cancelled' ? saved : outcome
}

const notBegun = { code: 'cancelled', message: 'It was not begun.', details: {} } as const

function wayOut({ checkpointStep: step }: LiveRun): string {
  return step > 0
    ? `What was saved is intact: resume the run to go on from step ${step}.`
    : 'No checkpoint had been saved yet: resuming begins anew.'
}

function folderGone({ name, folder }: RunRow): ErrorValue {
  const { code, message, details } = new AppError(
    'file_missing',
    `The folder of the run "${name}" is gone: ${folder} was removed or moved. Put it back and resume, or discard the run and start a new one.`,
    { path: folder },
  )
  return { code, message, details }
}
