import { describe, expect, test } from 'vitest'
import { describeSettings, parseAssignment, parseSettings, settingNames } from '../../trainer/protocol.ts'

const refused = (given: Record<string, unknown>) => {
  try {
    parseSettings(given)
  } catch (thrown) {
    return thrown
  }
  return null
}

describe('settings', () => {
  test('every one has a sentence and a default', () => {
    const all = describeSettings()
    expect(all.map(({ name }) => name)).toEqual(settingNames)
    for (const { description, defaultValue } of all) {
      expect(description).toMatch(/^\S.{10,}[.)]$/)
      expect(defaultValue).not.toBeUndefined()
    }
  })

  test('every one has a label, a group and a level, and labels are told apart', () => {
    const all = describeSettings()
    expect(new Set(all.map(({ label }) => label)).size).toBe(all.length)
    expect(new Set(all.map(({ level }) => level))).toEqual(new Set(['simple', 'advanced']))
    expect([...new Set(all.map(({ group }) => group))].toSorted()).toEqual([
      'Answers',
      'LoRA',
      'Machine',
      'Text',
      'Training',
      'Validation',
    ])
  })

  test.each([
    [
      'rank',
      { kind: 'integer', min: 1, max: null, exclusiveMin: false, exclusiveMax: false, nullable: false },
    ],
    [
      'learningRate',
      { kind: 'number', min: 0, max: null, exclusiveMin: true, exclusiveMax: false, nullable: false },
    ],
    ['dropout', { kind: 'number', min: 0, max: 1, exclusiveMin: false, exclusiveMax: true, nullable: true }],
    [
      'numBeams',
      { kind: 'integer', min: 1, max: 64, exclusiveMin: false, exclusiveMax: false, nullable: false },
    ],
    ['method', { kind: 'choice', choices: ['lora', 'full'], nullable: false }],
    ['doSample', { kind: 'boolean', nullable: false }],
    ['targetModules', { kind: 'list', of: 'text', keywords: ['all-linear'], nullable: false }],
    ['layersToTransform', { kind: 'list', of: 'integer', keywords: [], nullable: true }],
    ['modulesToSave', { kind: 'list', of: 'text', keywords: [], nullable: true }],
    ['rankPattern', { kind: 'map', of: 'integer', min: 1, exclusiveMin: false, nullable: true }],
    ['alphaPattern', { kind: 'map', of: 'number', min: 0, exclusiveMin: true, nullable: true }],
  ])('the form of %s says what its check takes', (name, input) => {
    expect(describeSettings().find((info) => info.name === name)?.input).toEqual(input)
  })

  test('numbers at the borders of their forms are taken, and beyond them refused', () => {
    for (const { name, input } of describeSettings()) {
      if (input.kind !== 'integer' && input.kind !== 'number') continue
      const step = input.kind === 'integer' ? 1 : 1e-9
      const { min, max, exclusiveMin, exclusiveMax } = input
      if (min !== null) {
        expect(refused({ [name]: exclusiveMin ? min + step : min }), name).toBeNull()
        expect(refused({ [name]: exclusiveMin ? min : min - step }), name).not.toBeNull()
      }
      if (max !== null) {
        expect(refused({ [name]: exclusiveMax ? max - step : max }), name).toBeNull()
        expect(refused({ [name]: exclusiveMax ? max : max + step }), name).not.toBeNull()
      }
    }
  })

  test.each([
    ['rank', 0],
    ['rank', 1.5],
    ['numBeams', 65],
    ['learningRate', -1],
    ['dropout', 1],
    ['targetModules', []],
    ['rankPattern', { q: 0 }],
    ['rankPattern', { q: 1.5 }],
    ['rankPattern', 'q=4'],
    ['alphaPattern', { q: -1 }],
    ['modulesToSave', []],
    ['schedule', 'polynomial'],
    ['provider', 'tpu'],
    ['seed', '42'],
  ])('%s cannot be %j', (name, value) => {
    expect(refused({ [name]: value })).toMatchObject({ code: 'setting_invalid', details: { name } })
  })

  test.each([
    ['learnigRate', /Did you mean learningRate\?/],
    ['__proto__', /There is no setting __proto__/],
    ['constructor', /There is no setting constructor/],
  ])('%s is unknown', (name, message) => {
    expect(refused(Object.fromEntries([[name, 1]]))).toMatchObject({
      code: 'setting_unknown',
      message: expect.stringMatching(message) as string,
    })
  })

  test.each([
    ['rank=8', ['rank', 8]],
    ['dropout=null', ['dropout', null]],
    ['targetModules=q,v', ['targetModules', ['q', 'v']]],
    ['targetModules=all-linear', ['targetModules', 'all-linear']],
    ['targetModules=q', ['targetModules', ['q']]],
    ['targetModules="all-linear"', ['targetModules', 'all-linear']],
    ['targetModules=["decoder.*[qv]"]', ['targetModules', ['decoder.*[qv]']]],
    ['layersToTransform=0,2', ['layersToTransform', [0, 2]]],
    ['layersToTransform=1', ['layersToTransform', [1]]],
    ['layersToTransform=null', ['layersToTransform', null]],
    ['rankPattern=q:4, v:8', ['rankPattern', { q: 4, v: 8 }]],
    ['rankPattern=(?:q|v):4', ['rankPattern', { '(?:q|v)': 4 }]],
    ['alphaPattern={"q":0.5}', ['alphaPattern', { q: 0.5 }]],
    ['rankPattern=q4', ['rankPattern', 'q4']],
    ['modulesToSave=lm_head', ['modulesToSave', ['lm_head']]],
    ['frozenLayers=0', ['frozenLayers', ['0']]],
    ['frozenLayers=0,encoder', ['frozenLayers', ['0', 'encoder']]],
    [' schedule = cosine', ['schedule', 'cosine']],
  ])('%s is read', (assignment, expected) => {
    expect(parseAssignment(assignment)).toEqual(expected)
  })

  test('an assignment without a value is refused', () => {
    expect(() => parseAssignment('rank')).toThrow(/lacks a value/)
    expect(() => parseAssignment('=8')).toThrow(/lacks a value/)
  })
})
