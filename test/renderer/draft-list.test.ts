import { describe, expect, test } from 'vitest'
import type { Draft, DraftState } from '../../main/contract/drafts.ts'
import { moved, reloaded, withBack, without } from '../../renderer/screens/data/draft-list.ts'
import type { DraftList } from '../../renderer/screens/data/draft-list.ts'

function draft(id: number, state: DraftState = 'waiting'): Draft {
  return {
    id,
    passageId: 1,
    passage: 'Roses are cut in March.',
    title: 'Garden',
    heading: [],
    place: 'lines 1–2',
    sourceName: 'garden.txt',
    question: 'When are roses cut?',
    answer: { text: 'March', start: 17 },
    score: -0.1,
    modelName: 'starter',
    state,
    edited: false,
  }
}

const list: DraftList = {
  drafts: [draft(1), draft(2), draft(3)],
  at: 1,
  counts: { waiting: 3, kept: 4, dropped: 0 },
}
const ids = ({ drafts }: DraftList): number[] => drafts.map(({ id }) => id)

describe('list of drafts', () => {
  test('a decided draft goes, the next takes its place, and the counts follow', () => {
    const next = without(list, 2, 'kept')
    expect(ids(next)).toEqual([1, 3])
    expect(next.drafts[next.at]?.id).toBe(3)
    expect(next.counts).toEqual({ waiting: 2, kept: 5, dropped: 0 })
  })

  test('after the last one the one before it is shown', () => {
    const next = without({ ...list, at: 2 }, 3, 'dropped')
    expect(next.drafts[next.at]?.id).toBe(2)
    expect(without({ ...list, drafts: [draft(1)], at: 0 }, 1, 'kept').at).toBe(0)
  })

  test('a decision that is taken back stands where it stood, and is shown', () => {
    const kept = without(list, 2, 'kept')
    const back = withBack(kept, draft(2), 'kept')
    expect(ids(back)).toEqual([1, 2, 3])
    expect(back).toEqual(list)
    expect(ids(withBack(kept, draft(9), 'dropped'))).toEqual([1, 3, 9])
  })

  test('moving stops at the ends', () => {
    expect(moved(list, 5).at).toBe(2)
    expect(moved(list, -5).at).toBe(0)
    expect(moved({ ...list, drafts: [], at: 0 }, 1).at).toBe(0)
  })

  test('a list that was asked for anew shows the same draft', () => {
    const counts = { waiting: 4, kept: 4, dropped: 0 }
    expect(reloaded(list, [draft(0), draft(1), draft(2), draft(3)], counts).at).toBe(2)
    expect(reloaded(list, [draft(7)], counts).at).toBe(0)
  })
})
