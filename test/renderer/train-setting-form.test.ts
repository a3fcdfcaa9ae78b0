import { describe, expect, test } from 'vitest'
import type { SettingsForm } from '../../main/contract/runs.ts'
import {
  changedSettings,
  fieldText,
  matchingPreset,
  readField,
  sameValue,
  sectionsOf,
  withPreset,
  withSetting,
} from '../../renderer/screens/train/setting-form.ts'
import type { SettingInfo } from '../../renderer/screens/train/setting-form.ts'
import { describeSettings, parseSettings } from '../../trainer/protocol.ts'

const settings = describeSettings()
const setting = (name: string): SettingInfo => {
  const found = settings.find((one) => one.name === name)
  if (!found) throw new Error(`no setting ${name}`)
  return found
}
const form: SettingsForm = {
  settings,
  presets: [
    { id: 'small', name: 'Small', description: '', recommended: true, settings: { epochs: 20, rank: 8 } },
    { id: 'usual', name: 'Usual', description: '', recommended: false, settings: { epochs: 10 } },
  ],
}

describe('reading a field', () => {
  test.each([
    ['epochs', '2.5', 2.5],
    ['epochs', ' 3 ', 3],
    ['learningRate', '0,0005', 0.0005],
    ['learningRate', '3e-4', 0.0003],
    ['maxSteps', '', null],
    ['batchSize', '16', 16],
    ['schedule', 'cosine', 'cosine'],
    ['rankStabilized', 'true', true],
    ['targetModules', 'all-linear', 'all-linear'],
    ['targetModules', 'q, v', ['q', 'v']],
    ['layersToTransform', '0 1,2', [0, 1, 2]],
    ['layersToTransform', '', null],
    ['modulesToSave', 'lm_head, layer_norm', ['lm_head', 'layer_norm']],
    ['rankPattern', 'q:4, v : 8;wo:1', { q: 4, v: 8, wo: 1 }],
    ['rankPattern', '(?:q|v):4', { '(?:q|v)': 4 }],
    ['alphaPattern', 'q:0.5', { q: 0.5 }],
    ['alphaPattern', '', null],
  ])('%s takes %j', (name, text, value) => {
    expect(readField(setting(name), text)).toEqual({ value, problem: null })
  })

  test.each([
    ['epochs', '0', { kind: 'above', limit: 0 }],
    ['epochs', '', { kind: 'empty' }],
    ['batchSize', '0', { kind: 'at-least', limit: 1 }],
    ['batchSize', '2.5', { kind: 'not-whole' }],
    ['batchSize', '1,000', { kind: 'not-a-number' }],
    ['batchSize', 'eight', { kind: 'not-a-number' }],
    ['batchSize', '0x10', { kind: 'not-a-number' }],
    ['validationFraction', '0.6', { kind: 'at-most', limit: 0.5 }],
    ['adamBeta1', '1', { kind: 'below', limit: 1 }],
    ['schedule', 'steep', { kind: 'not-a-choice' }],
    ['layersToTransform', '1, two', { kind: 'not-whole-numbers' }],
    ['layersToTransform', '-1', { kind: 'not-whole-numbers' }],
    ['targetModules', ' , ', { kind: 'empty' }],
    ['rankPattern', 'q4', { kind: 'not-a-map' }],
    ['rankPattern', 'q:4,', { kind: 'not-a-map' }],
    ['rankPattern', 'q:four', { kind: 'not-a-map' }],
    ['rankPattern', 'q:2.5', { kind: 'not-whole' }],
    ['rankPattern', 'q:0', { kind: 'at-least', limit: 1 }],
    ['alphaPattern', 'q:0', { kind: 'above', limit: 0 }],
  ])('%s refuses %j', (name, text, problem) => {
    expect(readField(setting(name), text)).toEqual({ value: undefined, problem })
  })

  test('every default goes through its field unchanged, and the trainer takes it', () => {
    for (const info of settings) {
      const { value, problem } = readField(info, fieldText(info.defaultValue))
      expect(problem).toBeNull()
      expect(sameValue(value, info.defaultValue)).toBe(true)
      expect(() => parseSettings({ [info.name]: value })).not.toThrow()
    }
  })
})

describe('what was changed', () => {
  test('a setting that is back at its default is no change', () => {
    const rank = setting('rank')
    const values = withSetting({ epochs: 3 }, rank, 4)
    expect(values).toEqual({ epochs: 3, rank: 4 })
    expect(withSetting(values, rank, 16)).toEqual({ epochs: 3 })
    expect(changedSettings(settings, { epochs: 3, rank: 16, gone: 1 })).toEqual({ epochs: 3 })
  })

  test('lists are compared item by item', () => {
    const layers = setting('targetModules')
    expect(withSetting({}, layers, ['q', 'v'])).toEqual({ targetModules: ['q', 'v'] })
    expect(sameValue(['q', 'v'], ['q', 'v'])).toBe(true)
    expect(sameValue(['q', 'v'], ['v', 'q'])).toBe(false)
  })

  test('texts to end before may have spaces, names of layers have none', () => {
    expect(readField(setting('stopStrings'), 'The End, \\nQuestion:').value).toEqual([
      'The End',
      '\\nQuestion:',
    ])
    expect(readField(setting('targetModules'), 'q v').value).toEqual(['q', 'v'])
  })

  test('maps are compared entry by entry, and shown as they are typed', () => {
    const ranks = setting('rankPattern')
    const values = withSetting({}, ranks, { q: 4, v: 8 })
    expect(values).toEqual({ rankPattern: { q: 4, v: 8 } })
    expect(fieldText(values['rankPattern'])).toBe('q:4, v:8')
    expect(readField(ranks, 'q:4, v:8').value).toEqual({ q: 4, v: 8 })
    expect(sameValue({ q: 4, v: 8 }, { q: 4, v: 8 })).toBe(true)
    // The first name that fits a layer counts, so their order says something.
    expect(sameValue({ q: 4, v: 8 }, { v: 8, q: 4 })).toBe(false)
    expect(sameValue({ q: 4 }, { q: 5 })).toBe(false)
    expect(withSetting(values, ranks, null)).toEqual({})
  })

  test('the simple form shows the simple settings and whatever was changed', () => {
    const shown = (values: Record<string, unknown>, advanced: boolean): string[] =>
      sectionsOf(settings, values, advanced).flatMap((section) => section.settings.map(({ name }) => name))
    expect(shown({}, false)).not.toContain('dropout')
    expect(shown({ dropout: 0.1 }, false)).toContain('dropout')
    expect(shown({}, true)).toHaveLength(settings.length)
    const training = sectionsOf(settings, { epochs: 3, seed: 1 }, false).find(
      ({ group }) => group === 'Training',
    )
    expect(training?.changed).toBe(2)
  })
})

describe('presets', () => {
  test('are recognised by their settings, whatever the run uses of the machine', () => {
    expect(matchingPreset(form, { epochs: 20, rank: 8 })).toBe('small')
    expect(matchingPreset(form, { epochs: 20, rank: 8, threads: 1 })).toBe('small')
    expect(matchingPreset(form, {})).toBe('usual')
    expect(matchingPreset(form, { epochs: 7 })).toBeNull()
  })

  test('replace what was changed but for the machine', () => {
    const values = withPreset(form, 'small', { learningRate: 1, provider: 'webgpu' })
    expect(values).toEqual({ epochs: 20, rank: 8, provider: 'webgpu' })
    expect(withPreset(form, 'none', values)).toBe(values)
  })
})
