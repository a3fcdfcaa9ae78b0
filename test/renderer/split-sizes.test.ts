import { describe, expect, test } from 'vitest'
import type { Source } from '../../main/contract/datasets.ts'
import type { SplitSize } from '../../main/contract/splits.ts'
import {
  dividedExamples,
  inUnit,
  sameSize,
  sizeField,
  typedSize,
} from '../../renderer/screens/data/split-sizes.ts'
import type { SizeField } from '../../renderer/screens/data/split-sizes.ts'

const percent = (text: string): SizeField => ({ unit: 'percent', text })
const count = (text: string): SizeField => ({ unit: 'count', text })

describe('split sizes', () => {
  test.each<[SizeField, SplitSize | null]>([
    [percent('10'), { fraction: 0.1 }],
    [percent(' 12.5 '), { fraction: 0.125 }],
    [percent('0'), { fraction: 0 }],
    [percent('50'), { fraction: 0.5 }],
    [percent('50.1'), null],
    [percent('-1'), null],
    [percent('1e1'), null],
    [percent(''), null],
    [count('5000'), { count: 5000 }],
    [count('0'), { count: 0 }],
    [count('1.5'), null],
    [count(''), null],
    [count('99999999999'), null],
  ])('%j is %j', (field, size) => {
    expect(typedSize(field)).toEqual(size)
  })

  test('a size comes back as it was typed', () => {
    for (const size of [{ fraction: 0.1 }, { fraction: 0.075 }, { count: 1234 }] as const)
      expect(typedSize(sizeField(size))).toEqual(size)
  })

  test('another unit keeps the amount where it is known', () => {
    expect(inUnit(percent('10'), 'count', 2000)).toEqual(count('200'))
    expect(inUnit(count('500'), 'percent', 2000)).toEqual(percent('25'))
    expect(inUnit(count('1900'), 'percent', 2000)).toEqual(percent('50'))
    expect(inUnit(percent('10'), 'percent', 2000)).toEqual(percent('10'))
    expect(inUnit(percent('much'), 'count', 2000)).toEqual(count(''))
    expect(inUnit(percent('10'), 'count', 0)).toEqual(count(''))
  })

  test('sizes are compared by unit and amount', () => {
    expect(sameSize({ fraction: 0.1 }, { fraction: 0.1 })).toBe(true)
    expect(sameSize({ fraction: 0.1 }, { fraction: 0.2 })).toBe(false)
    expect(sameSize({ count: 1 }, { count: 1 })).toBe(true)
    expect(sameSize({ count: 1 }, { fraction: 1 })).toBe(false)
  })

  test('files that serve as one split are not divided', () => {
    const sources = [
      { use: 'auto', examples: 30 },
      { use: 'test', examples: 500 },
      { use: 'auto', examples: 12 },
    ] as readonly Pick<Source, 'use' | 'examples'>[] as readonly Source[]
    expect(dividedExamples(sources)).toBe(42)
  })
})
