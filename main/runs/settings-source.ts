import { parseJson } from '../../trainer/parse-json.ts'
import { readBounded } from '../../trainer/read-bounded.ts'
import { TrainerError, parseAssignment, parseSettings } from '../../trainer/protocol.ts'
import type { Settings } from '../../trainer/protocol.ts'
import type { SettingsSource } from '../contract/engine-types.ts'

/** A run's settings name its files, and nothing else that is large. */
const mostSettingsBytes = 10_000_000

/**
 * Gathers settings from a file, values and assignments, the later winning, and checks them.
 *
 * @throws TrainerError `file_missing`, `file_invalid`, `setting_unknown`, `setting_invalid`.
 */
export async function gatherSettings(source: SettingsSource): Promise<Settings> {
  return parseSettings(await givenSettings(source))
}

/** The settings that a source names, the later winning, checked but without the defaults. */
export async function givenSettings(source: SettingsSource): Promise<Readonly<Record<string, unknown>>> {
  const given = {
    ...(source.file === null ? {} : await readSettingsFile(source.file)),
    ...source.values,
    ...Object.fromEntries(source.assignments.map(parseAssignment)),
  }
  parseSettings(given)
  return given
}

async function readSettingsFile(path: string): Promise<Record<string, unknown>> {
  const found = await readJsonObject(path)
  // A run folder's settings.json keeps its paths beside the settings; no setting has that name.
  return isRecord(found['settings']) ? found['settings'] : found
}

/** Reads a JSON file that must hold one object. @throws TrainerError `file_missing` or `file_invalid`. */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const text = await readBounded(path, mostSettingsBytes)
  let value: unknown
  try {
    // Editors on Windows begin a file with a byte order mark.
    value = parseJson(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TrainerError('file_invalid', `${path} is not JSON: ${reason}. Mend it, or name another file.`, {
      path,
    })
  }
  if (isRecord(value)) return value
  throw new TrainerError('file_invalid', `${path} must hold one JSON object with settings by name.`, { path })
}

/** True for a plain object, false for null and arrays. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
