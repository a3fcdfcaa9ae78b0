import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { goldensFolder } from '../support/goldens.ts'
import { chooseCases, parseOptions } from './options.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

const documentSchema = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      failed: z.record(z.string(), z.string()),
      sides: z.record(
        z.string(),
        z.object({
          firstLoss: z.number(),
          milliseconds: z.object({ count: z.int() }),
          peakRssMb: z.number().positive(),
        }),
      ),
    }),
  ),
})

test('a case runs from the command line to its figures', async () => {
  const weights = `flan-t5-small=${goldensFolder}/t5-flan/model`
  const args = [main, '--quick', '--case', 'train-t5-qv-256', '--side', 'loracle', '--weights', weights]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
  const [result] = documentSchema.parse(JSON.parse(stdout)).cases
  expect(result).toMatchObject({ name: 'train-t5-qv-256', failed: {} })
  expect(result?.sides.loracle?.milliseconds.count).toBe(2)
  expect(result?.sides.loracle?.firstLoss).toBeGreaterThan(0)
  expect(stderr).toContain('train-t5-qv-256')
})

describe('options', () => {
  test('name a folder for a shape, and refuse what is none', () => {
    const wish = parseOptions(['--weights', 'bert-base=/a=b'])
    expect(wish.kind === 'bench' && wish.options.weights).toEqual({ 'bert-base': '/a=b' })
    expect(() => parseOptions(['--weights', '/models/bert'])).toThrow('SHAPE=DIR')
  })

  test('a star chooses all cases that begin so, and an unknown one is refused', () => {
    const all = [{ name: 'train-a' }, { name: 'train-b' }, { name: 'generate' }]
    expect(chooseCases(all, ['train-*'])).toEqual(all.slice(0, 2))
    expect(() => chooseCases(all, ['train'])).toThrow('There is no case train.')
  })
})
