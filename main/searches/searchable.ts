import { describeSettings } from '../../trainer/protocol.ts'
import type { SettingInfo, SettingName } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { SearchObjective } from '../contract/searches.ts'

/** Settings that no search may vary, with the reason as the end of a sentence. */
const fixed: Partial<Readonly<Record<SettingName, string>>> = {
  bestMetric: 'it says how trials are judged, and all must be judged alike',
  validationFraction: 'the validation examples of a project are one of its splits',
  evaluateEvery: 'it says when trials are judged, and all must be judged alike',
  saveEvery: 'it does not change what is learnt',
  evaluationBatchSize: 'it does not change what is learnt',
  threads: 'it does not change what is learnt',
  provider: 'it does not change what is learnt',
}

/**
 * Settings that the validation loss cannot compare: it does not see how answers are found, and is measured over
 * other texts where lengths differ.
 */
const onlyByF1: ReadonlySet<SettingName> = new Set<SettingName>([
  'maxSourceLength',
  'maxTargetLength',
  'stride',
  'numBeams',
  'lengthPenalty',
  'doSample',
  'temperature',
  'topK',
  'topP',
  'repetitionPenalty',
  'noRepeatNgramSize',
])

/** The settings that can be searched, as forms show them. */
export function searchableSettings(): readonly SettingInfo[] {
  return describeSettings().filter(({ name }) => fixed[name] === undefined)
}

/** Those of them that only an F1 can compare. */
export function settingsOnlyByF1(): readonly SettingName[] {
  return [...onlyByF1]
}

/** The form of a setting that is known and can be searched. @throws AppError `search_invalid` with the reason. */
export function requireSearchable(setting: SettingInfo, objective: SearchObjective): SettingInfo {
  const reason = fixed[setting.name]
  if (reason !== undefined) throw invalid(setting, `it cannot be searched: ${reason}. Leave it out.`)
  if (objective === 'loss' && onlyByF1.has(setting.name))
    throw invalid(
      setting,
      'it cannot be searched by the validation loss, which does not compare it. Set bestMetric to f1, or leave it out.',
    )
  return setting
}

/** Something that a search cannot do with a setting. */
export function invalid({ name, label }: Pick<SettingInfo, 'name' | 'label'>, why: string): AppError {
  return new AppError('search_invalid', `${label} (${name}): ${why}`, { name })
}
