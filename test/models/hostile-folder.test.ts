import { execFileSync } from 'node:child_process'
import { cp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inspectModelFolder } from '../../main/models/model-folder.ts'
import { toErrorValue } from '../../trainer/errors.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const gptNeo = join(import.meta.dirname, '../goldens/gpt-neo/model')

/** A copy of a sound folder. */
async function copied(): Promise<string> {
  const folder = await temporaryFolder()
  await cp(gptNeo, folder, { recursive: true })
  return folder
}

/** The codes with which the host and the trainer end; `opened` where they do not. */
async function codesOf(folder: string): Promise<readonly [host: string, trainer: string]> {
  const codes = [inspectModelFolder(folder), openModel(folder)].map((work) =>
    work.then(
      () => 'opened',
      (thrown: unknown) => {
        const isCoded = thrown instanceof Error && 'code' in thrown && 'details' in thrown
        return isCoded ? String(thrown.code) : toErrorValue(thrown).code
      },
    ),
  )
  const [host = '', trainer = ''] = await Promise.all(codes)
  return [host, trainer]
}

describe('what is no file of a folder', () => {
  const files = ['config.json', 'model.safetensors', 'model.safetensors.index.json'] as const

  test.each(files)('%s as a device without an end', async (name) => {
    const folder = await copied()
    await rm(join(folder, name), { force: true })
    await symlink('/dev/zero', join(folder, name))
    const [host, trainer] = await codesOf(folder)
    expect(trainer).toBe('file_invalid')
    expect(host).toBe(name.endsWith('index.json') ? 'opened' : 'file_unreadable')
  })

  test.each(files)('%s as a pipe that nobody writes into', async (name) => {
    const folder = await copied()
    await rm(join(folder, name), { force: true })
    execFileSync('mkfifo', [join(folder, name)])
    const [host, trainer] = await codesOf(folder)
    expect(trainer).toBe('file_invalid')
    expect(host).toBe(name.endsWith('index.json') ? 'opened' : 'file_unreadable')
  })

  test('a link to itself, and a configuration of three gigabytes', async () => {
    const [looped, large] = [await copied(), await copied()]
    await rm(join(looped, 'model.safetensors'))
    await symlink('model.safetensors', join(looped, 'model.safetensors'))
    expect(await codesOf(looped)).toEqual(['file_missing', 'file_missing'])
    await truncate(join(large, 'config.json'), 3e9)
    expect(await codesOf(large)).toEqual(['file_unreadable', 'file_invalid'])
  })
})

test('lists of attention that would be longer than memory', async () => {
  const folder = await copied()
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object
  const types = Array.from({ length: 300 }, () => [Array.from({ length: 1000 }, () => 'global'), 1000])
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ ...config, attention_types: types.slice(0, 50) }),
  )
  const before = process.memoryUsage().rss
  await expect(openModel(folder)).rejects.toMatchObject({
    code: 'model_invalid',
    message: expect.stringMatching(/describes 50000000 layers/) as string,
  })
  expect(process.memoryUsage().rss - before).toBeLessThan(300e6)
})

describe('an index', () => {
  const indexed = async (map: Readonly<Record<string, string>>) => {
    const folder = await copied()
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
    return openModel(folder)
  }

  test.each(['../x', '/etc/passwd', '..', '.', '', 'a\0b', 'a\\b'])('that names %j', async (name) => {
    await expect(indexed({ a: name })).rejects.toMatchObject({ code: 'weights_invalid' })
  })

  test('that names a thousand files and one', async () => {
    const map = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`t${i}`, `${i}.safetensors`]))
    await expect(indexed(map)).rejects.toMatchObject({ code: 'weights_invalid' })
  })
})

test('what an error says stays short and well-formed, whatever the names in a file', async () => {
  const folder = await copied()
  const entries = Array.from({ length: 5000 }, (_, i) => [
    `${'x'.repeat(100)}${i}`,
    { dtype: 'F32', shape: [0], data_offsets: [0, 0] },
  ])
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  await writeFile(join(folder, 'model.safetensors'), Buffer.concat([length, header]))
  await writeFile(join(folder, 'config.json'), `{"model_type":"${'\\ud800'.repeat(9000)}"}`)
  const { message, details } = await openModel(folder).then(() => toErrorValue(null), toErrorValue)
  expect(message.isWellFormed()).toBe(true)
  expect(message.length + JSON.stringify(details).length).toBeLessThan(8000)
  await cp(join(gptNeo, 'config.json'), join(folder, 'config.json'))
  const surplus = await openModel(folder).then(() => toErrorValue(null), toErrorValue)
  expect(surplus.code).toMatch('weights_')
  expect(surplus.message.length + JSON.stringify(surplus.details).length).toBeLessThan(8000)
})
