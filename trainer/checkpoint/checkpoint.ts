import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { TrainerError } from '../errors.ts'
import type { AdamWState } from '../optim/adamw.ts'
import { encodeSafetensors, readSafetensors, readSafetensorsHeader } from './safetensors.ts'
import type { NamedTensor } from './safetensors.ts'
import { syncFolder, writeAtomic } from './write-atomic.ts'

const stateSchema = z.strictObject({
  version: z.literal(1),
  /** What the run was started with, as a digest: a checkpoint goes on only with the same. */
  fingerprint: z.string(),
  step: z.int().nonnegative(),
  optimizerStep: z.int().nonnegative(),
  tokens: z.number().nonnegative(),
  seconds: z.number().nonnegative(),
  /** The last step after which the validation was carried through. */
  validatedStep: z.int().nonnegative(),
  bestStep: z.int().nonnegative(),
  bestValue: z.number().nullable(),
  validationsWithoutGain: z.int().nonnegative(),
})

/** Where a run stands, beside its tensors. The order of the data and all masks follow from `step` and the seed. */
export type RunState = Readonly<z.infer<typeof stateSchema>>

/** Everything that a run needs in order to go on as if it had never stopped. */
export interface Checkpoint {
  readonly state: RunState
  readonly parameters: ReadonlyMap<string, NamedTensor>
  /** The parameters at `bestStep`. */
  readonly best: ReadonlyMap<string, NamedTensor>
  readonly optimizer: AdamWState
}

const kept = 2
const namePattern = /^step-(\d{8})\.safetensors$/

/**
 * Saves a checkpoint as one file, `checkpoints/step-<step>.safetensors`, whole or not at all, and removes all but
 * the last two.
 */
export async function saveCheckpoint(runDir: string, checkpoint: Checkpoint): Promise<string> {
  const folder = join(runDir, 'checkpoints')
  // A file does not outlast a loss of power in a folder that itself does not.
  if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(runDir)
  const { parameters, best, optimizer, state } = checkpoint
  const tensors = new Map<string, NamedTensor>()
  for (const [name, tensor] of parameters) tensors.set(`parameter/${name}`, tensor)
  for (const [name, tensor] of best) tensors.set(`best/${name}`, tensor)
  for (const [name, { shape }] of parameters) {
    tensors.set(`first/${name}`, { shape, data: moment(optimizer.first, name) })
    tensors.set(`second/${name}`, { shape, data: moment(optimizer.second, name) })
  }
  const path = join(folder, `step-${String(state.step).padStart(8, '0')}.safetensors`)
  await writeAtomic(path, encodeSafetensors(tensors, { state: JSON.stringify(state) }))
  const names = await checkpointNames(folder)
  for (const name of names.slice(0, -kept)) await rm(join(folder, name), { force: true })
  return path
}

/** What a run is about to do: a checkpoint that holds something else was damaged or made up. */
export interface Planned {
  readonly steps: number
  /** Of every parameter that is trained. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
}

/**
 * Reads the newest whole checkpoint of a run; null where there is none yet. A damaged one is passed over for the
 * one before it, and so is one that does not hold what is `planned`.
 *
 * @throws TrainerError `checkpoint_invalid` where there are checkpoints and none can be read, or where the newest
 * belongs to other settings, data or model (`fingerprint`).
 */
export async function loadCheckpoint(
  runDir: string,
  fingerprint: string,
  planned: Planned | null = null,
): Promise<Checkpoint | null> {
  const folder = join(runDir, 'checkpoints')
  const names = await checkpointNames(folder)
  for (const name of names.toReversed()) {
    const checkpoint = await readCheckpoint(join(folder, name))
    if (!checkpoint) continue
    if (checkpoint.state.fingerprint !== fingerprint)
      throw new TrainerError(
        'checkpoint_invalid',
        `${join(folder, name)} was made with other settings, data or model. Resume with the ones in settings.json, or start a new run.`,
        { path: join(folder, name) },
      )
    if (!planned || fits(checkpoint, planned)) return checkpoint
  }
  if (names.length === 0) return null
  throw new TrainerError(
    'checkpoint_invalid',
    `None of the checkpoints in ${folder} can be read. Start a new run with the same settings.`,
    { path: folder },
  )
}

async function readCheckpoint(path: string): Promise<Checkpoint | null> {
  try {
    const { metadata } = await readSafetensorsHeader(path)
    const state = stateSchema.parse(JSON.parse(metadata['state'] ?? ''))
    const tensors = await readSafetensors(path)
    const part = (prefix: string) =>
      new Map(
        [...tensors].flatMap(([name, tensor]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
        ),
      )
    const data = (prefix: string) => new Map([...part(prefix)].map(([name, tensor]) => [name, tensor.data]))
    const optimizer = { first: data('first/'), second: data('second/'), step: state.optimizerStep }
    return { state, parameters: part('parameter/'), best: part('best/'), optimizer }
  } catch (thrown) {
    if (thrown instanceof TrainerError || thrown instanceof SyntaxError || thrown instanceof z.ZodError)
      return null
    throw thrown
  }
}

function fits({ state, parameters, best, optimizer }: Checkpoint, { steps, shapes }: Planned): boolean {
  const sameAs = (tensors: ReadonlyMap<string, NamedTensor>) =>
    tensors.size === shapes.size &&
    [...tensors].every(([name, { shape }]) => String(shapes.get(name)) === String(shape))
  const moments = [optimizer.first, optimizer.second].every((data) =>
    [...parameters].every(([name, tensor]) => data.get(name)?.length === tensor.data.length),
  )
  const done = Math.max(state.step, state.optimizerStep, state.validatedStep, state.bestStep)
  return done <= steps && sameAs(parameters) && (best.size === 0 || sameAs(best)) && moments
}

async function checkpointNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => namePattern.test(name)).sort()
}

function moment(moments: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const found = moments.get(name)
  if (!found) throw new Error(`The optimiser knows no ${name}.`)
  return found
}
