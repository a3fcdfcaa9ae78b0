import { describe, expect, test } from 'vitest'
import { guessFor, missingRoles, roleOf, withRole } from '../../renderer/screens/data/mapping.ts'

const mapping = { roles: { context: 'article', question: 'asks' } }

describe('column roles', () => {
  test('a column takes a role', () => {
    expect(withRole(mapping, 'reply', 'answer')).toEqual({ roles: { ...mapping.roles, answer: 'reply' } })
    expect(missingRoles(mapping)).toEqual(['answer'])
    expect(missingRoles(withRole(mapping, 'reply', 'answer'))).toEqual([])
  })

  test('a role that another column played moves', () => {
    const changed = withRole(mapping, 'title', 'context')
    expect(roleOf(changed, 'title')).toBe('context')
    expect(roleOf(changed, 'article')).toBeNull()
  })

  test('a column gives its former role up', () => {
    expect(withRole(mapping, 'article', 'answer')).toEqual({ roles: { question: 'asks', answer: 'article' } })
    expect(withRole(mapping, 'article', null)).toEqual({ roles: { question: 'asks' } })
  })

  test('a guess counts only while its role stands', () => {
    const guess = { role: 'context', column: 'article', confidence: 0.9, reason: 'long texts' } as const
    expect(guessFor([guess], mapping, 'article')).toBe(guess)
    expect(guessFor([guess], withRole(mapping, 'article', 'answer'), 'article')).toBeUndefined()
  })
})
