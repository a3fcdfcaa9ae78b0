import { existsSync } from 'node:fs'
import { readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeRunSettings } from '../../../main/runs/run-folder.ts'
import { runTiny, tinyCommand, writeTinyRun } from '../../support/tiny-run.ts'
import type { HostileFile } from '../hostile-case.ts'
import { damaged, pick, randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { Raw, editJson, hostileValue, printJson } from '../mutate-json.ts'
import type { JsonObject } from '../mutate-json.ts'
import type { MakeCase } from '../targets.ts'
import { fileOf, hostileSafetensors, partsOf } from './hostile-safetensors.ts'

/** A run that was trained: its files by their paths. */
type Sample = ReadonlyMap<string, Buffer>

/** Run folders of which one file or another was changed, torn or is none. */
export async function checkpointCases(folder: string): Promise<MakeCase> {
  const sample = await trainedRun(folder)
  const newest =
    [...sample.keys()]
      .filter((path) => path.startsWith('checkpoints/'))
      .sort()
      .at(-1) ?? ''
  const jsonFiles = ['settings.json', 'result.json', 'scores-before.json'].filter((path) => sample.has(path))
  return (seed, index) => {
    const random = randomOf(seed, index)
    const change = pick([checkpoint, checkpoint, checkpoint, state, state, json, json, lines, places], random)
    const [path, file, story] = change(sample, { newest, jsonFiles }, random)
    const rest = [...sample].filter(([one]) => one !== path)
    return {
      files: [
        ...rest.map(([one, bytes]) => ({ path: `run/${one}`, bytes })),
        ...[file].flat().map((one) => ({ ...one, path: `run/${one.path}` })),
        { path: 'origin', bytes: folder },
      ],
      story: `${path}: ${story}`,
    }
  }
}

/** Trains a tiny run once; whoever comes later finds it. */
async function trainedRun(folder: string): Promise<Sample> {
  const whole = join(folder, 'run')
  if (!existsSync(whole)) {
    const made = join(folder, 'made')
    await rm(made, { recursive: true, force: true })
    await writeTinyRun(folder)
    const command = tinyCommand(folder, made, { settings: { epochs: 1, saveEvery: 2 } })
    await runTiny(command)
    const { model, datasets, validation, tests, settings } = command
    await writeRunSettings(made, { model, datasets, validation, tests, settings })
    await rename(made, whole)
  }
  const files = new Map<string, Buffer>()
  for (const name of ['metrics.jsonl', 'settings.json', 'result.json', 'scores-before.json'])
    if (existsSync(join(whole, name))) files.set(name, await readFile(join(whole, name)))
  for (const name of await readdir(join(whole, 'checkpoints')))
    files.set(`checkpoints/${name}`, await readFile(join(whole, 'checkpoints', name)))
  return files
}

interface Names {
  readonly newest: string
  readonly jsonFiles: readonly string[]
}
type Change = (
  sample: Sample,
  names: Names,
  random: Random,
) => readonly [path: string, files: HostileFile | readonly HostileFile[], story: string]

const checkpoint: Change = (sample, { newest }, random) => {
  const { bytes, story } = hostileSafetensors(sample.get(newest) ?? Buffer.alloc(0), random)
  const name = pick([newest, newest, newest, 'checkpoints/step-99999999.safetensors', 'checkpoints/step-1e15.safetensors'], random) // prettier-ignore
  return [name, { path: name, bytes }, story]
}

/** The state in a checkpoint's metadata: what a run takes its place from. */
const state: Change = (sample, { newest }, random) => {
  const parts = partsOf(sample.get(newest) ?? Buffer.alloc(0))
  const { state: text = '{}', ...rest } = JSON.parse(parts.metadata ?? '{}') as Record<string, string>
  const fields = JSON.parse(text) as JsonObject
  const field = pick(Object.keys(fields), random)
  const number = pick(
    ['1e15', '-1', '0.5', '1e308', '0', '1', '9007199254740993', 'null', '1e999', '3'],
    random,
  )
  const { bytes, story } =
    random(2) === 0
      ? { bytes: printJson({ ...fields, [field]: new Raw(number) }), story: `${field} ${number}` }
      : editJson(fields, random)
  const metadata = JSON.stringify({ ...rest, state: bytes.toString() })
  return [newest, { path: newest, bytes: fileOf({ ...parts, metadata }) }, `state · ${story}`]
}

const strangePaths = ['/etc', '../../..', '/etc/passwd', '', '\0', 'x'.repeat(5000), '/dev/zero', 'C:\\', '~']

const json: Change = (sample, { jsonFiles }, random) => {
  const path = pick(jsonFiles, random)
  const value = JSON.parse(sample.get(path)?.toString() ?? '{}') as JsonObject
  const field = pick(['runDir', 'adapter', 'model', 'validation', 'data'], random)
  const strange = pick(strangePaths, random)
  const { bytes, story } =
    random(4) === 0
      ? { bytes: printJson({ ...value, [field]: strange }), story: `${field} ${strange.slice(0, 20)}` }
      : random(4) === 0
        ? damaged(sample.get(path) ?? Buffer.alloc(0), random)
        : editJson(value, random)
  return [path, { path, bytes }, story]
}

const lines: Change = (sample, _names, random) => {
  const path = 'metrics.jsonl'
  const all = (sample.get(path)?.toString() ?? '').split('\n').filter((line) => line !== '')
  const at = random(Math.max(1, all.length))
  const value = JSON.parse(all[at] ?? '{}') as JsonObject
  return pick<() => readonly [string, HostileFile, string]>(
    [
      () => [path, { path, bytes: all.with(at, editJson(value, random).bytes.toString()).join('\n') }, 'a line edited'],
      () => [path, { path, bytes: all.with(at, printJson({ ...value, [pick(Object.keys(value), random)]: hostileValue(random) })).join('\n') }, 'a hostile value'],
      () => [path, { path, bytes: `${all.join('\n')}\n${(all[at] ?? '').slice(0, random(60))}` }, 'torn'],
      () => [path, { path, bytes: `${all.join('\n')}\n${'\0'.repeat(4096)}` }, 'zeros at the end'],
      () => [path, { path, bytes: `${all.join('\n')}\n${'x'.repeat(10 ** random(8))}` }, 'a line without an end'],
      () => [path, { path, bytes: Array.from({ length: 10 ** random(5) }, () => all[at] ?? '').join('\n') }, 'one line many times'],
      () => [path, { path, ...damaged(sample.get(path) ?? Buffer.alloc(0), random) }, 'damaged'],
    ],
    random,
  )()
} // prettier-ignore

const places: Change = (sample, { newest }, random) => {
  const path = pick([newest, ...sample.keys()], random)
  const file = pick<HostileFile>(
    [
      { path, link: '/dev/zero' },
      { path, link: path.slice(path.lastIndexOf('/') + 1) },
      { path, zeros: pick([0, 7, 3e9], random) },
      { path: `${path}/inside`, bytes: '' },
      { path, link: '/etc/passwd' },
      ...(random(10) === 0 ? [{ path, pipe: true } as const] : []),
    ],
    random,
  )
  return [path, file, 'no file']
}
