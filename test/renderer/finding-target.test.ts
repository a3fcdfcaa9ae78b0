import { describe, expect, test } from 'vitest'
import { findingTarget } from '../../renderer/screens/data/finding-target.ts'

describe('where a finding leads', () => {
  const kinds = ['answer_not_in_context', 'near_duplicate']

  test('a kind of problem leads to its rows', () => {
    const target = findingTarget('near_duplicate', { kinds, hasPassages: true })
    expect(target).toEqual({ tab: 'problems', kind: 'near_duplicate' })
  })

  test('a finding without rows leads to where something can be done', () => {
    expect(findingTarget('nothing_to_test', { kinds, hasPassages: false })).toEqual({ tab: 'splits' })
    expect(findingTarget('doubled', { kinds, hasPassages: false })).toEqual({ tab: 'sources' })
    expect(findingTarget('too_few', { kinds, hasPassages: true })).toEqual({ tab: 'passages' })
    expect(findingTarget('too_few', { kinds, hasPassages: false })).toBeNull()
  })

  test('what nothing more is known of leads nowhere', () => {
    expect(findingTarget('something_else', { kinds, hasPassages: true })).toBeNull()
  })
})
