/**
 * What the host says to a trainer process, and what the trainer reports: the only file of the trainer, beside
 * `data/`, that `main/` knows. A trainer takes one command, reports while it works, ends with one `result` or
 * `error`, and exits. After `serve` it stays and takes requests until it is told to stop.
 */
export type * from './commands.ts'
export type * from './reports.ts'
export type * from './results.ts'
export type { MetricName, TaskKind } from './data/tasks.ts'
export { architectureKind, architectureKinds } from './architectures.ts'
export type { ArchitectureKind } from './architectures.ts'
export { TrainerError, toErrorValue, trainerErrorCodes } from './errors.ts'
export type { ErrorDetails, ErrorValue, TrainerErrorCode } from './errors.ts'
export { nearestName } from './nearest-name.ts'
export { describeSettings } from './setting-forms.ts'
export type { SettingGroup, SettingInfo, SettingInput } from './setting-forms.ts'
export { answerSettingNames, parseAssignment, parseSettings, settingNames } from './settings.ts'
export type { AnswerSettingName, SettingName, Settings } from './settings.ts'
