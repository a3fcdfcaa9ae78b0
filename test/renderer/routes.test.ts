import { describe, expect, test } from 'vitest'
import { formatRoute, parseRoute, stepHref } from '../../renderer/routes.ts'
import type { Route } from '../../renderer/routes.ts'

describe('routes', () => {
  const routes: readonly Route[] = [
    { name: 'home' },
    { name: 'step', projectId: 'p1', step: 'data', runId: null },
    { name: 'step', projectId: 'a/b ?#ü', step: 'compare', runId: 'run & 1' },
  ]
  test.each(routes)('$name comes back as it was written', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route)
  })

  test.each(['', '#', '#/', '#/elsewhere', '#/p', '#/p/', '#/p/%E0%A4%A'])('%j is home', (hash) => {
    expect(parseRoute(hash)).toEqual({ name: 'home' })
  })

  test('an unknown step is Data, and an empty run is none', () => {
    expect(parseRoute('#/p/x/nowhere?run=')).toEqual({
      name: 'step',
      projectId: 'x',
      step: 'data',
      runId: null,
    })
  })

  test('a step has an address', () => {
    expect(stepHref('p1', 'train', 'r2')).toBe('#/p/p1/train?run=r2')
    expect(stepHref('p1', 'train')).toBe('#/p/p1/train')
  })
})
