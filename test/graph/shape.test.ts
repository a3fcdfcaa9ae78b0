import { expect, test } from 'vitest'
import { broadcast, dimAt, factors, normalizeAxis, product, sum } from '../../trainer/graph/shape.ts'

test('products of dimensions have one form, whatever the order', () => {
  expect(product([2, 3, 4])).toBe(24)
  expect(product([])).toBe(1)
  expect(product(['source', 4, 'batch'])).toBe('4*batch*source')
  expect(product(['batch*source', 2, '2*heads'])).toBe('4*batch*heads*source')
  expect(product(['n', 1])).toBe('n')
  expect(product(['n', 'n'])).toBe('n*n')
})

test('factors undo products, and a sum counts as one', () => {
  expect(factors('4*batch*source')).toEqual([4, 'batch', 'source'])
  expect(factors('past+1')).toEqual(['past+1'])
  expect(factors(7)).toEqual([7])
  expect(sum(2, 3)).toBe(5)
  expect(sum('past', 1)).toBe('past+1')
})

test('shapes broadcast as in NumPy, and a symbol with itself and 1', () => {
  expect(broadcast([2, 1, 4], [3, 1])).toEqual([2, 3, 4])
  expect(broadcast([], [2])).toEqual([2])
  expect(broadcast(['n', 1], [1, 'm'])).toEqual(['n', 'm'])
  expect(broadcast(['n'], ['n'])).toEqual(['n'])
  expect(() => broadcast(['n'], [2])).toThrow('do not broadcast')
})

test('axes count from either end', () => {
  expect(normalizeAxis(-1, [2, 3])).toBe(1)
  expect(dimAt(['a', 'b'], -2)).toBe('a')
  expect(() => normalizeAxis(2, [2, 3])).toThrow('Axis 2 lies outside shape [2, 3].')
  expect(() => dimAt([], 0)).toThrow('lies outside')
})
