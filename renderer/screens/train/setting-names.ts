import type { ErrorValue } from '../../../main/contract/errors.ts'
import type { SettingInfo } from './setting-form.ts'

const camelCase = /\b[a-z]+[A-Z]\w*\b/g

type Named = Pick<SettingInfo, 'name' | 'label'>

/**
 * A message of the trainer with the settings as the form calls them: it names them as the command line does.
 * Names that are words of their own, such as `rank`, read the same either way.
 *
 * ```ts
 * withLabels('Lower batchSize.', settings) // 'Lower “Batch size”.'
 * ```
 */
export function withLabels(message: string, settings: readonly Named[]): string {
  const labels = new Map<string, string>(settings.map(({ name, label }) => [name, `“${label}”`]))
  return message
    .replace(/--set (\w+)=([^\s)]+)/g, (whole, name: string, value: string) => {
      const label = labels.get(name)
      return label === undefined ? whole : `${label} ${value}`
    })
    .replace(camelCase, (word) => labels.get(word) ?? word)
}

export function errorWithLabels(error: ErrorValue, settings: readonly Named[]): ErrorValue {
  return { ...error, message: withLabels(error.message, settings) }
}

/** The setting that an error refuses; null where it is about something else. */
export function refusedSetting(
  { code, message, details }: ErrorValue,
  settings: readonly Named[],
): string | null {
  if (code !== 'setting_invalid' && code !== 'setting_unknown') return null
  const names: readonly string[] = settings.map(({ name }) => name)
  const told = [details['name'], ...(message.match(camelCase) ?? [])]
  return told.find((name): name is string => typeof name === 'string' && names.includes(name)) ?? null
}
