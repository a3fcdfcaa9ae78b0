import { describeSettings } from '../../trainer/protocol.ts'
import type { SettingName, Settings } from '../../trainer/protocol.ts'

/** The settings of a run that differ from the defaults; the validation share is the project's. */
export function changedSettings(settings: Settings): Partial<Record<SettingName, unknown>> {
  const changed = describeSettings().filter(
    ({ name, defaultValue }) =>
      name !== 'validationFraction' && JSON.stringify(settings[name]) !== JSON.stringify(defaultValue),
  )
  return Object.fromEntries(changed.map(({ name }) => [name, settings[name]]))
}
