import { expect, test } from 'vitest'
import { movedBy } from '../../renderer/screens/compare/row-keys.ts'

const place = { at: 5, total: 20, perPage: 8 }

test.each([
  ['ArrowDown', 6],
  ['ArrowUp', 4],
  ['PageDown', 13],
  ['PageUp', 0],
  ['Home', 0],
  ['End', 19],
  ['a', null],
])('%s leads from row 5 to %s', (key, row) => {
  expect(movedBy(key, place)).toBe(row)
})

test('stays within the list', () => {
  expect(movedBy('ArrowDown', { ...place, at: 19 })).toBe(19)
  expect(movedBy('ArrowUp', { ...place, at: 0 })).toBe(0)
  expect(movedBy('End', { at: 0, total: 0, perPage: 8 })).toBeNull()
})
