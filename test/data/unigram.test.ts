import { expect, it } from 'vitest'
import { unigramPieces, wordEncoder } from '../../trainer/data/unigram.ts'

const pieces = [
  ['<unk>', 0],
  ['_', -3],
  ['a', -2],
  ['b', -2],
  ['ab', -4],
  ['_ab', -6.5],
  ['bab', -3],
  ['😀', -5],
] as const

const piecesOf = unigramPieces(pieces, 0)

it('divides a word into its likeliest pieces, and takes the longer first one of two that are equal', () => {
  expect(piecesOf('_ab')).toEqual(['_ab'])
  expect(piecesOf('abab')).toEqual(['a', 'bab'])
  // a + b and ab both cost 4.
  expect(piecesOf('ab')).toEqual(['ab'])
})

it('takes what no piece begins with as one character', () => {
  expect(piecesOf('a☃😀🎈b')).toEqual(['a', '☃', '😀', '🎈', 'b'])
  expect(piecesOf('')).toEqual([])
})

it('encodes words one by one, and unknown pieces side by side as one', () => {
  const ids = new Map<string, number>(pieces.map(([piece], id) => [piece, id]))
  const encode = wordEncoder(piecesOf, { mark: '_', idOf: (piece) => ids.get(piece) ?? 0, unknownId: 0 })
  for (const round of ['first', 'remembered']) {
    const encoded: number[] = []
    encode('_ab_☃☃_bab', encoded)
    expect(encoded, round).toEqual([5, 1, 0, 1, 6])
  }
})
