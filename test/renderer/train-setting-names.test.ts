import { describe, expect, test } from 'vitest'
import { errorWithLabels, refusedSetting, withLabels } from '../../renderer/screens/train/setting-names.ts'
import { describeSettings } from '../../trainer/setting-forms.ts'

const settings = describeSettings()

describe('names of settings in messages', () => {
  test.each([
    [
      'Lower batchSize or maxSourceLength, or close other programs.',
      'Lower “Batch size” or “Longest prompt”, or close other programs.',
    ],
    [
      'Start again with a tenth of it (--set learningRate=0.0001).',
      'Start again with a tenth of it (“Learning rate” 0.0001).',
    ],
    [
      'The rank of the matrices is 8; see iPhone and --set colour=red.',
      'The rank of the matrices is 8; see iPhone and --set colour=red.',
    ],
  ])('%s', (told, shown) => {
    expect(withLabels(told, settings)).toBe(shown)
  })

  test('an error keeps its code and details', () => {
    const error = { code: 'out_of_memory', message: 'Lower batchSize.', details: { step: 3 } } as const
    expect(errorWithLabels(error, settings)).toEqual({ ...error, message: 'Lower “Batch size”.' })
  })

  test('the setting that is refused is found by its name, else in the words', () => {
    const refused = (message: string, details: Record<string, string>, code = 'setting_invalid' as const) =>
      refusedSetting({ code, message, details }, settings)
    expect(refused('Too small.', { name: 'rank' })).toBe('rank')
    expect(refused('targetModules names foo, which is none.', { name: 'foo' })).toBe('targetModules')
    expect(refused('Something is wrong.', {})).toBeNull()
    expect(
      refusedSetting({ code: 'out_of_memory', message: 'Lower batchSize.', details: {} }, settings),
    ).toBeNull()
  })
})
