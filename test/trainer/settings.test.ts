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

  test.each([
    ['rank', 0],
    ['rank', 1.5],
    ['numBeams', 65],
    ['learningRate', -1],
    ['dropout', 1],
    ['targetModules', []],
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
    ['layersToTransform=0,2', ['layersToTransform', [0, 2]]],
    [' schedule = cosine', ['schedule', 'cosine']],
  ])('%s is read', (assignment, expected) => {
    expect(parseAssignment(assignment)).toEqual(expected)
  })

  test('an assignment without a value is refused', () => {
    expect(() => parseAssignment('rank')).toThrow(/lacks a value/)
    expect(() => parseAssignment('=8')).toThrow(/lacks a value/)
  })
})
