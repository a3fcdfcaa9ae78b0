import { copyFileSync, mkdirSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerRequest } from '../../trainer/answer-request.ts'
import { ask } from '../../trainer/ask.ts'
import { readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { modelKeeper } from '../../trainer/loaded-model.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import { merge } from '../../trainer/merge.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Report, Settings } from '../../trainer/protocol.ts'
import {
  adapterBytes,
  interruptedAt,
  runTiny,
  tinyCommand,
  tinySettings,
  writeTinyRun,
} from '../support/tiny-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const rich: Partial<Settings> = {
  useDora: true,
  rankPattern: { wo: 1 },
  alphaPattern: { q: 2 },
  modulesToSave: ['lm_head', 'final_layer_norm'],
}

let folder: string
let model: string
let dora: string
/** The checkpoints of the run with DoRA, kept aside as they were written. */
const checkpoints: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-kinds-'))
  await writeTinyRun(folder)
  model = join(folder, 'model')
  const aside = join(folder, 'aside')
  mkdirSync(aside)
  const { result } = await runTiny(
    tinyCommand(folder, join(folder, 'dora'), { settings: rich }),
    (report) => {
      if (report.type !== 'checkpoint') return
      const copy = join(aside, basename(report.path))
      copyFileSync(report.path, copy)
      checkpoints.push(copy)
    },
  )
  dora = result.adapter
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a run with DoRA, patterns and modules that are trained whole', () => {
  test('learns, and its adapter holds what was trained', async () => {
    const { architecture } = await openModel(model)
    const adapter = await loadAdapter(dora, architecture)
    expect(adapter.notes).toEqual([])
    expect(adapter.targets.every((target) => target.dora)).toBe(true)
    expect(adapter.targets).toHaveLength(architecture.linears.size)
    for (const { path, rank } of adapter.targets) expect(rank).toBe(path.endsWith('.wo') ? 1 : 2)
    expect(adapter.savedModules.toSorted()).toEqual([
      'decoder.final_layer_norm.weight',
      'encoder.final_layer_norm.weight',
      'lm_head.weight',
    ])
    const base = await readSafetensors(join(model, 'model.safetensors'))
    for (const name of adapter.savedModules)
      expect(adapter.parameters.get(name)?.data, name).not.toEqual(base.get(name)?.data)
    const lines = (await readFile(join(folder, 'dora/metrics.jsonl'), 'utf8')).trimEnd().split('\n')
    const losses = lines
      .map((line) => JSON.parse(line) as { type: string; loss: number })
      .filter(({ type }) => type === 'step')
      .map(({ loss }) => loss)
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? NaN)
  })

  test('resumed from a checkpoint it ends with the same bytes', async () => {
    const runDir = await temporaryFolder()
    await interruptedAt(join(folder, 'dora'), checkpoints[1] ?? '', runDir)
    await runTiny(tinyCommand(folder, runDir, { settings: rich, resume: true }))
    expect((await adapterBytes(runDir)).equals(await adapterBytes(join(folder, 'dora')))).toBe(true)
  })
})

test('what has no effect in an adapter is told by whatever uses it', async () => {
  const odd = join(folder, 'odd')
  await cp(dora, odd, { recursive: true })
  const path = join(odd, 'adapter_config.json')
  const config = JSON.parse(await readFile(path, 'utf8')) as object
  await writeFile(path, JSON.stringify({ ...config, fan_in_fan_out: true }))
  const reports: Report[] = []
  const never = new AbortController().signal
  const context = { report: (report: Report) => void reports.push(report), stop: never, keep: never }
  const settings = parseSettings(tinySettings)
  const asked = { kind: 'ask', model, question: 'Who?', context: 'Ada did.', settings } as const
  await ask({ ...asked, adapter: odd }, context)
  await merge({ kind: 'merge', model, adapter: odd, out: join(folder, 'merged') }, context)
  const notes = [expect.stringContaining('fan_in_fan_out')]
  expect(reports.filter(({ type }) => type === 'notes')).toEqual([
    { type: 'notes', notes },
    { type: 'notes', notes },
  ])
  reports.length = 0
  await ask({ ...asked, adapter: dora }, context)
  expect(reports.filter(({ type }) => type === 'notes')).toEqual([])
})

test('what is frozen in full training keeps its bytes, and the rest is trained', async () => {
  const settings: Partial<Settings> = {
    method: 'full',
    frozenLayers: ['encoder'],
    freezeEmbeddings: true,
    epochs: 1,
  }
  const { result } = await runTiny(tinyCommand(folder, await temporaryFolder(), { settings }))
  const before = await readSafetensors(join(model, 'model.safetensors'))
  const after = await readSafetensors(join(result.adapter, 'model.safetensors'))
  expect([...after.keys()].sort()).toEqual([...before.keys()].sort())
  for (const [name, { data }] of before) {
    const same = Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(
      Buffer.from(
        after.get(name)?.data.buffer ?? new ArrayBuffer(),
        after.get(name)?.data.byteOffset ?? 0,
        data.byteLength,
      ),
    )
    expect(same, name).toBe(name === 'shared.weight' || name.startsWith('encoder.'))
  }
})

test('adapters of different kinds are served in turn from one loaded model, each as it is alone', async () => {
  const settings = parseSettings({ ...tinySettings, maxTargetLength: 8 })
  const run = async (name: string, change: Partial<Settings>) =>
    (await runTiny(tinyCommand(folder, join(folder, name), { settings: { epochs: 2, ...change } }))).result
      .adapter
  const wide = await run('wide', { rank: 5 })
  const upper = await run('upper', { targetModules: ['decoder.*'], rankStabilized: true, seed: 3 })
  const asked = { question: 'Which one is short?', context: 'The one is so short. The other is long.' }
  const { signal } = new AbortController()
  const alone = new Map<string | null, { text: string; score: number }>()
  for (const adapter of [null, wide, upper, dora]) {
    const context = { report: () => undefined, stop: signal, keep: signal }
    const { answer, score } = await ask({ kind: 'ask', model, adapter, ...asked, settings }, context)
    alone.set(adapter, { text: answer, score })
  }
  expect(new Set([...alone.values()].map(({ score }) => score)).size).toBe(4)

  const keeper = modelKeeper(settings)
  const loaded = await keeper.use(model)
  for (const adapters of [[wide, null], [upper], [dora, null, wide], [upper, dora]] as const) {
    const { columns } = await answerRequest(
      keeper,
      { model, adapters: [...adapters], question: asked.question, contexts: [asked.context], settings: {} },
      { settings, signal, onToken: () => undefined },
    )
    expect(columns).toHaveLength(adapters.length)
    for (const { adapter, answers } of columns) {
      expect(answers[0]?.text).toBe(alone.get(adapter)?.text)
      expect(answers[0]?.score).toBeCloseTo(alone.get(adapter)?.score ?? NaN, 5)
    }
  }
  expect(await keeper.use(model), 'the model was not loaded anew').toBe(loaded)
  await keeper.dispose()
})
