import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeSafetensors, readSafetensorsHeader } from '../../trainer/checkpoint/safetensors.ts'
import { toErrorValue } from '../../trainer/errors.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { parseSettings } from '../../trainer/settings.ts'
import { shownValue } from '../../trainer/shown-value.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const deepJson = '['.repeat(100_000) + ']'.repeat(100_000)

test('values are shown as JSON, and cut where they are long', () => {
  expect(shownValue({ a: 1 })).toBe('{"a":1}')
  expect(shownValue(undefined)).toBe('undefined')
  expect(shownValue('x'.repeat(1_000_000)).length).toBeLessThan(100)
})

test.each([
  ['a deep', 'model_invalid', deepJson],
  ['a long', 'model_unsupported', JSON.stringify('x'.repeat(10_000))],
  ['an endless', 'file_invalid', JSON.stringify('x'.repeat(1_000_000))],
])('%s value keeps its code and gives a short message', async (_kind, ofModel, json) => {
  const folder = await temporaryFolder()
  const weights = join(folder, 'model.safetensors')
  const header = Buffer.from(`{"a":{"dtype":${json},"shape":[1],"data_offsets":[0,4]}}`)
  const length = Buffer.from(encodeSafetensors(new Map()).slice(0, 8))
  length.writeBigUInt64LE(BigInt(header.byteLength))
  await writeFile(weights, Buffer.concat([length, header, Buffer.alloc(4)]))
  await writeFile(join(folder, 'config.json'), `{"model_type":${json}}`)
  const cases = [
    [
      'setting_invalid',
      () => Promise.resolve().then(() => parseSettings({ seed: JSON.parse(json) as unknown })),
    ],
    ['weights_invalid', () => readSafetensorsHeader(weights)],
    [ofModel, () => openModel(folder)],
  ] as const
  for (const [code, work] of cases) {
    const error = await work().then(
      () => null,
      (thrown: unknown) => toErrorValue(thrown),
    )
    expect(error).toMatchObject({ code })
    expect(error?.message.length).toBeLessThan(1000)
  }
})
