import { describe, expect, test } from 'vitest'
import type { GuessedRole, Mapping } from '../../main/contract/imports.ts'
import {
  bestInForm,
  guessFor,
  isSameMapping,
  kindOf,
  missingRoles,
  roleOf,
  templatesWith,
  withForm,
  withRole,
  withSource,
  withTask,
} from '../../renderer/screens/data/mapping.ts'

const mapping: Mapping = { form: 'qa', roles: { context: 'article', question: 'asks' } }

describe('column roles', () => {
  test('a column takes a role', () => {
    expect(withRole(mapping, 'reply', 'answer')).toEqual({
      form: 'qa',
      roles: { ...mapping.roles, answer: 'reply' },
    })
    expect(missingRoles(mapping)).toEqual(['answer'])
    expect(missingRoles(withRole(mapping, 'reply', 'answer'))).toEqual([])
  })

  test('a role that another column played moves', () => {
    const changed = withRole(mapping, 'title', 'context')
    expect(roleOf(changed, 'title')).toBe('context')
    expect(roleOf(changed, 'article')).toBeNull()
  })

  test('a column gives its former role up', () => {
    expect(withRole(mapping, 'article', 'answer').roles).toEqual({ question: 'asks', answer: 'article' })
    expect(withRole(mapping, 'article', null).roles).toEqual({ question: 'asks' })
  })

  test('a guess counts only while its role stands', () => {
    const guess = { role: 'context', column: 'article', confidence: 0.9, reason: 'long texts' } as const
    expect(guessFor([guess], mapping, 'article')).toBe(guess)
    expect(guessFor([guess], withRole(mapping, 'article', 'answer'), 'article')).toBeUndefined()
  })
})

describe('sources of roles', () => {
  const withTemplate = withSource(mapping, 'answer', { template: '{reply} ({asks})' })

  test('a text of several columns fills a role, and its columns know it', () => {
    expect(missingRoles(withTemplate)).toEqual([])
    expect(templatesWith(withTemplate, 'reply')).toEqual(['answer'])
    expect(templatesWith(withTemplate, 'article')).toEqual([])
    expect(roleOf(withTemplate, 'reply')).toBeNull()
  })

  test('an empty text is no source', () => {
    expect(missingRoles(withSource(withTemplate, 'answer', { template: ' ' }))).toEqual(['answer'])
    expect(missingRoles(withSource(withTemplate, 'answer', { constant: '' }))).toEqual(['answer'])
    expect(missingRoles(withSource(withTemplate, 'answer', { constant: 'yes' }))).toEqual([])
    expect(missingRoles(withSource(withTemplate, 'answer', null))).toEqual(['answer'])
  })

  test('a column that is chosen for a role leaves the one it had', () => {
    expect(withSource(mapping, 'answer', 'asks').roles).toEqual({ context: 'article', answer: 'asks' })
  })

  test('two mappings are the same whatever the order of their roles', () => {
    expect(isSameMapping(mapping, { form: 'qa', roles: { question: 'asks', context: 'article' } })).toBe(true)
    expect(isSameMapping(mapping, withTemplate)).toBe(false)
    expect(isSameMapping(mapping, null)).toBe(false)
    expect(isSameMapping(null, null)).toBe(true)
  })
})

describe('kinds of tasks', () => {
  const task: Mapping = { form: 'task', roles: { title: 'name', instruction: 'asks', target: 'reply' } }
  const proposals = {
    summarisation: {
      form: 'task',
      roles: { task: { constant: 'summarisation' }, instruction: { constant: 'Shorten.' }, input: 'reply' },
    },
  } satisfies Record<string, Mapping>

  test('a kind brings what is proposed for it; other roles stay where their columns are free', () => {
    expect(withTask(task, 'summarisation', proposals)).toEqual({
      form: 'task',
      roles: {
        title: 'name',
        task: { constant: 'summarisation' },
        instruction: { constant: 'Shorten.' },
        input: 'reply',
      },
    })
    expect(withTask(task, 'paraphrase', proposals).roles).toEqual({
      ...task.roles,
      task: { constant: 'paraphrase' },
    })
  })

  test('a mapping without a kind, or with one by row, is any other text', () => {
    expect(kindOf(task)).toBe('text')
    expect(kindOf({ form: 'task', roles: { task: 'column' } })).toBe('text')
    expect(kindOf(proposals.summarisation)).toBe('summarisation')
  })
})

describe('forms', () => {
  const guesses: GuessedRole[] = [{ role: 'title', column: 'name', confidence: 0.8, reason: 'its name' }]

  test('roles go to their counterparts, and guesses fill what is empty', () => {
    const task = withForm(withRole(mapping, 'reply', 'answer'), 'task', guesses)
    expect(task).toEqual({
      form: 'task',
      roles: { title: 'name', instruction: 'asks', input: 'article', target: 'reply' },
    })
    expect(withForm(task, 'qa', [])).toEqual({
      form: 'qa',
      roles: { title: 'name', context: 'article', question: 'asks', answer: 'reply' },
    })
    expect(withForm(task, 'passages', []).roles).toEqual({ title: 'name', text: 'article' })
  })

  test('a column that already plays a role takes no second one by a guess', () => {
    const taken: GuessedRole[] = [{ role: 'title', column: 'article', confidence: 1, reason: '' }]
    expect(withForm(mapping, 'task', taken).roles).toEqual({ instruction: 'asks', input: 'article' })
  })

  test('a form is made of the mapping that fills most of it', () => {
    const task: Mapping = { form: 'task', roles: { instruction: 'asks', input: 'article', target: 'reply' } }
    const passages = withForm(task, 'passages', [])
    expect(bestInForm([passages, task], 'qa', [])).toEqual(withForm(task, 'qa', []))
    expect(bestInForm([passages], 'qa', []).roles).toEqual({ context: 'article' })
  })

  test('each form has its own required roles', () => {
    expect(missingRoles({ form: 'task', roles: {} })).toEqual(['instruction', 'target'])
    expect(missingRoles({ form: 'passages', roles: {} })).toEqual(['text'])
  })
})
