import { resolve } from 'node:path'
import { describeSettings, toErrorValue } from '../trainer/protocol.ts'
import type { Command, Result, TrainCommand } from '../trainer/protocol.ts'
import type { Engine, EventListener, Job } from './contract/engine.ts'
import type { SettingsSource } from './contract/engine-types.ts'
import type { ErrorReport } from './contract/errors.ts'
import { removeIfUnused } from './runs/run-folder.ts'
import { gatherSettings, givenSettings } from './runs/settings-source.ts'
import { prepareRun, requireFile, requireFolder } from './runs/start-run.ts'
import type { Providers } from './trainers/providers.ts'
import { startJob } from './trainers/trainer-job.ts'
import type { JobOptions } from './trainers/trainer-job.ts'
import type { TrainerProcess } from './trainers/trainer-process.ts'

export interface EngineOptions {
  readonly startTrainer: () => TrainerProcess
  readonly providers: Providers
}

/** Builds the services and returns what hosts can ask of them. Every job has a trainer process of its own. */
export function createEngine({ startTrainer, providers }: EngineOptions): Engine {
  const run = <R extends Result>(command: Command, options: JobOptions): Job<R> =>
    startJob<R>(startTrainer(), command, options)
  /** What a source gives, with a provider that may be used. */
  const settled = async (source: SettingsSource, onEvent: EventListener): Promise<SettingsSource> => {
    const values = await providers.settle(await givenSettings(source), onEvent)
    return { file: null, values, assignments: [] }
  }

  return {
    describeSettings,
    givenSettings,
    train: (request, onEvent) =>
      afterwards(async () => {
        const command = await prepareRun(
          'resume' in request ? request : { ...request, settings: await settled(request.settings, onEvent) },
        )
        // A run goes on with the provider that it began with, or not at all.
        if (command.resume) await providers.settle(command.settings, onEvent)
        return startRun(command, onEvent)
      }),
    evaluate: (request, onEvent) =>
      afterwards(async () => {
        const settings = await gatherSettings(await settled(request.settings, onEvent))
        const paths = await answeringPaths(request)
        await requireFile(resolve(request.data))
        return run(
          { kind: 'evaluate', ...paths, data: resolve(request.data), settings },
          { onReport: onEvent },
        )
      }),
    predict: (request, onEvent) =>
      afterwards(async () => {
        const settings = await gatherSettings(await settled(request.settings, onEvent))
        const paths = {
          ...(await answeringPaths(request)),
          data: resolve(request.data),
          out: resolve(request.out),
        }
        await requireFile(paths.data)
        return run({ kind: 'predict', ...paths, settings }, { onReport: onEvent })
      }),
    ask: (request, onEvent) =>
      afterwards(async () => {
        const settings = await gatherSettings(await settled(request.settings, onEvent))
        const { question, context } = request
        const paths = await answeringPaths(request)
        return run({ kind: 'ask', ...paths, question, context, settings }, { onReport: onEvent })
      }),
    score: (request, onEvent) =>
      afterwards(async () => {
        const paths = { data: resolve(request.data), predictions: resolve(request.predictions) }
        await requireFile(paths.data)
        await requireFile(paths.predictions)
        return run({ kind: 'score', ...paths }, { onReport: onEvent })
      }),
    exportOnnx: (request, onEvent) =>
      afterwards(async () => {
        const { dtype } = request
        const paths = { ...(await answeringPaths(request)), out: resolve(request.out) }
        return run({ kind: 'export-onnx', ...paths, dtype }, { onReport: onEvent })
      }),
    inspectAdapter: (request, onEvent) =>
      afterwards(async () => {
        const { model, adapter } = await answeringPaths(request)
        return run(
          { kind: 'inspect-adapter', model, adapter: adapter ?? request.adapter },
          { onReport: onEvent },
        )
      }),
    doctor: (onEvent) => providers.check(onEvent),
  }

  function startRun<R extends Result>(command: TrainCommand, onEvent: EventListener): Job<R> {
    const { runDir, resume, model, settings } = command
    onEvent({ type: 'run', runDir, resumed: resume, model, settings })
    let saved = resume
    const job = run<R>(command, {
      onReport: (report) => {
        saved ||= report.type === 'checkpoint'
        onEvent(report)
      },
      wayOut: () =>
        saved
          ? `What was saved is intact: go on with loracle train --resume ${runDir}`
          : 'No checkpoint had been saved yet: start the run again.',
    })
    const outcome = job.outcome.then(async (ended) => {
      if (ended.type === 'error') await removeIfUnused(runDir)
      return ended
    })
    return { ...job, outcome }
  }
}

async function answeringPaths(request: { readonly model: string; readonly adapter: string | null }) {
  const model = resolve(request.model)
  const adapter = request.adapter === null ? null : resolve(request.adapter)
  await requireFolder(model, 'model')
  if (adapter !== null) await requireFolder(adapter, 'adapter')
  return { model, adapter }
}

/**
 * A job that begins when something has been prepared. Stopped before that, it does not begin at all; killed before
 * that, it ends at once, whatever the preparation waits for (a network drive that does not answer).
 */
function afterwards<R extends Result>(begin: () => Promise<Job<R>>): Job<R> {
  let job: Job<R> | undefined
  let early: 'stop' | 'kill' | undefined
  const killed = Promise.withResolvers<ErrorReport>()
  const outcome = begin().then(
    (begun) => {
      job = begun
      if (early) job[early]()
      return job.outcome
    },
    (thrown: unknown) => ({ type: 'error' as const, error: toErrorValue(thrown) }),
  )
  return {
    outcome: Promise.race([outcome, killed.promise]),
    stop: (options) => {
      if (job) job.stop(options)
      else early ??= 'stop'
    },
    kill: () => {
      if (job) job.kill()
      else {
        early = 'kill'
        const error = {
          code: 'cancelled',
          message: 'Stopped before anything had begun.',
          details: {},
        } as const
        killed.resolve({ type: 'error', error })
      }
    },
  }
}
