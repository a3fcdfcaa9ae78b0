import { cp, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSafetensorsHeader } from '../../trainer/checkpoint/safetensors.ts'
import { PatternError, modulePattern } from '../../trainer/lora/module-pattern.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const goldens = join(import.meta.dirname, '../goldens/t5-flan')
const { architecture } = await openModel(join(goldens, 'model'))

async function copied(change: object = {}): Promise<string> {
  const folder = await temporaryFolder()
  await cp(join(goldens, 'adapter-qv'), folder, { recursive: true })
  const path = join(folder, 'adapter_config.json')
  await writeFile(
    path,
    JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), ...change }),
  )
  return folder
}

describe('patterns', () => {
  test.each([
    ['groups within groups', '('.repeat(100_000)],
    ['groups within groups that close', '('.repeat(1500) + ')'.repeat(1500)],
    ['a megabyte of letters', 'q'.repeat(1e6)],
  ])('%s', async (_, pattern) => {
    expect(() => modulePattern(pattern)).toThrow(PatternError)
    const folder = await copied({ rank_pattern: { [`(${pattern}`]: 4 } })
    await expect(loadAdapter(folder, architecture)).rejects.toMatchObject({ code: 'adapter_invalid' })
  })

  // Twenty thousand instructions, all of them looked at for each character of each layer.
  const slow = '((a|.?){90}){40}z'

  test('that take long for each of many layers are given up', async () => {
    const linears = new Map(
      Array.from({ length: 2000 }, (_, i) => [`encoder.block.${i}.layer.0.SelfAttention.q`, [4, 4]] as const),
    )
    const options = { rank: 2, alpha: 2, rankStabilized: false, layersToTransform: null }
    const start = process.cpuUsage()
    expect(() => chooseTargets(linears, { ...options, targetModules: [slow] })).toThrow(
      expect.objectContaining({ code: 'setting_invalid' }),
    )
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(10_000)
  })

  test('a name for each of many layers costs nothing', () => {
    const names = Array.from({ length: 1500 }, (_, i) => `encoder.block.${i}.layer.0.SelfAttention.q`)
    const linears = new Map(names.map((name) => [name, [4, 4]] as const))
    const rankPattern = Object.fromEntries(names.map((name, i) => [name, 1 + (i % 7)]))
    const options = { rank: 2, alpha: 2, rankStabilized: false, layersToTransform: null, rankPattern }
    const start = process.cpuUsage()
    const targets = chooseTargets(linears, { ...options, targetModules: 'all-linear' })
    expect(targets.map(({ rank }) => rank)).toEqual(names.map((_, i) => 1 + (i % 7)))
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5_000)
  })
})

test('values without a place in the model are not read: twenty gigabytes of them', async () => {
  const folder = await copied()
  const path = join(folder, 'adapter_model.safetensors')
  const { entries } = await readSafetensorsHeader(path)
  const bytes = await readFile(path)
  const start = Math.min(...[...entries.values()].map(({ offset }) => offset))
  const values = bytes.subarray(start)
  const [from, more] = [values.length, 20e9]
  const header = Object.fromEntries(
    [...entries].map(([name, { dtype, shape, offset, length }]) => [
      name,
      { dtype, shape, data_offsets: [offset - start, offset - start + length] },
    ]),
  )
  const all = { ...header, unknown: { dtype: 'F32', shape: [more / 4], data_offsets: [from, from + more] } }
  const text = Buffer.from(JSON.stringify(all))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  await writeFile(path, Buffer.concat([length, text, values]))
  await truncate(path, 8 + text.length + from + more)
  const { notes, targets } = await loadAdapter(folder, architecture)
  expect(targets.length).toBeGreaterThan(0)
  expect(notes.join()).toMatch('also holds unknown')
})
