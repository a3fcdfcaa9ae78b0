import { describe, expect, test } from 'vitest'
import { diskFits, memoryFit } from '../../renderer/screens/model/fits-machine.ts'

describe('whether a model fits this machine', () => {
  test('by its memory for training against the whole memory', () => {
    const machine = { memoryMb: 10_000 }
    expect(memoryFit(8_000, machine)).toBe('fits')
    expect(memoryFit(9_000, machine)).toBe('tight')
    expect(memoryFit(10_001, machine)).toBe('too-much')
  })

  test('by the disk, less what is downloaded already', () => {
    const machine = { diskFreeMb: 100 }
    const mb = 1024 ** 2
    expect(diskFits(100 * mb, 0, machine)).toBe(true)
    expect(diskFits(120 * mb, 0, machine)).toBe(false)
    expect(diskFits(120 * mb, 30 * mb, machine)).toBe(true)
  })
})
