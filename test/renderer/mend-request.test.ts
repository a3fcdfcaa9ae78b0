import { describe, expect, test } from 'vitest'
import type { ProblemGroup } from '../../main/contract/datasets.ts'
import { inverseOf } from '../../renderer/screens/data/mend-request.ts'

function group(kind: string, counts: { readonly mendable: number; readonly undoable: number }): ProblemGroup {
  return { kind, title: kind, explanation: '', rejected: 5, flagged: 0, mended: 5, ...counts }
}

describe('the way back of a mend', () => {
  test('of named rows are the same rows', () => {
    const request = { kind: 'a', ids: [3, 4], undo: false }
    expect(inverseOf(request, [group('a', { mendable: 5, undoable: 5 })], null)).toEqual({
      kind: 'a',
      ids: [3, 4],
      undo: true,
    })
  })

  test('of a kind is the kind, where nothing was the other way before', () => {
    const before = [group('a', { mendable: 5, undoable: 0 }), group('b', { mendable: 1, undoable: 9 })]
    const request = { kind: 'a', ids: null, undo: false }
    expect(inverseOf(request, before, null)).toEqual({ kind: 'a', ids: null, undo: true })
  })

  test('of a kind with mends of before are the rows, and none where they are not known', () => {
    const before = [group('a', { mendable: 5, undoable: 2 })]
    const request = { kind: 'a', ids: null, undo: false }
    expect(inverseOf(request, before, [7, 8])).toEqual({ kind: 'a', ids: [7, 8], undo: true })
    expect(inverseOf(request, before, null)).toBeNull()
  })

  test('of everything looks at all kinds, and of an undo at what could be mended', () => {
    const before = [group('a', { mendable: 5, undoable: 0 }), group('b', { mendable: 0, undoable: 1 })]
    expect(inverseOf({ kind: null, ids: null, undo: false }, before, null)).toBeNull()
    expect(inverseOf({ kind: 'b', ids: null, undo: true }, before, null)).toEqual({
      kind: 'b',
      ids: null,
      undo: false,
    })
    expect(inverseOf({ kind: 'a', ids: null, undo: true }, before, null)).toBeNull()
  })
})
