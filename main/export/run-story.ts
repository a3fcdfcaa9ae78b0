import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSettings } from '../../trainer/protocol.ts'
import type { ArchitectureKind, SettingInfo, StepReport, ValidationReport } from '../../trainer/protocol.ts'
import type { CompareRow, CompareSummary } from '../contract/comparisons.ts'
import type { Store } from '../store/open.ts'
import type { TrainedRun } from '../store/trained-run.ts'
import { kindOfFolder } from './model-usage.ts'

/** A run's setting with the default beside it. */
export interface SettingRow extends Pick<SettingInfo, 'name' | 'label' | 'group' | 'description'> {
  readonly value: unknown
  readonly defaultValue: unknown
  readonly changed: boolean
}

export interface StorySource {
  readonly name: string
  readonly kind: string
  readonly examples: number
}

/** All that a model card and a report tell of a run. */
export interface RunStory {
  readonly run: TrainedRun
  readonly projectName: string
  /** Null where the run has no compared questions. */
  readonly summary: CompareSummary | null
  /** How its model works; null where the model's folder is gone. */
  readonly architecture: ArchitectureKind | null
  /** The files of the project as they are now. */
  readonly sources: readonly StorySource[]
  readonly settings: readonly SettingRow[]
  readonly writtenAt: number
}

export interface StoryParts {
  readonly run: TrainedRun
  readonly projectName: string
  readonly summary: CompareSummary | null
}

export async function tellRun(store: Store, parts: StoryParts): Promise<RunStory> {
  const sources = await store.all<StorySource>(
    `SELECT name, kind, (SELECT COUNT(*) FROM example WHERE source_id = source.id) AS examples
       FROM source WHERE project_id = ? ORDER BY imported_at, rowid`,
    parts.run.projectId,
  )
  const { outcome, modelFolder } = parts.run
  const architecture =
    (await kindOfFolder(modelFolder)) ?? (outcome === null ? null : await kindOfFolder(outcome))
  return { ...parts, architecture, sources, settings: settingRows(parts.run), writtenAt: Date.now() }
}

/** Every setting of a run, those that differ from the defaults first. */
function settingRows({ settings, changed }: TrainedRun): readonly SettingRow[] {
  return describeSettings()
    .map(({ name, label, group, description, defaultValue }) => ({
      name,
      label,
      group,
      description,
      defaultValue,
      value: settings[name] === undefined ? defaultValue : settings[name],
      changed: name in changed,
    }))
    .toSorted((a, b) => Number(b.changed) - Number(a.changed))
}

/** A setting's value in a word. */
export function settingText(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(String).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export interface RunCourse {
  readonly steps: readonly StepReport[]
  readonly validations: readonly ValidationReport[]
}

/** The course of a run from its folder; empty where the folder has none. */
export async function readCourse(runFolder: string): Promise<RunCourse> {
  const text = await readFile(join(runFolder, 'metrics.jsonl'), 'utf8').catch(() => '')
  const metrics = text.split('\n').flatMap(metricOf)
  return {
    steps: metrics.filter((metric) => metric.type === 'step'),
    validations: metrics.filter((metric) => metric.type === 'validation'),
  }
}

/** A killed process can leave half a line, which is no metric. */
function metricOf(line: string): readonly (StepReport | ValidationReport)[] {
  try {
    const metric = JSON.parse(line) as StepReport | ValidationReport
    return metric.type === 'step' || metric.type === 'validation' ? [metric] : []
  } catch {
    return []
  }
}

interface QuestionRow {
  readonly key: string
  readonly set_name: string
  readonly question: string
  readonly task: CompareRow['task']
  readonly input: string | null
  readonly base: string
  readonly tuned: string
  readonly gold: string
  readonly base_right: number
  readonly tuned_right: number
}

/** A compared question, as a report shows it. */
export type StoryQuestion = Pick<
  CompareRow,
  'id' | 'set' | 'task' | 'question' | 'input' | 'base' | 'tuned' | 'gold'
> & {
  readonly baseRight: boolean
  readonly tunedRight: boolean
}

/** The compared questions of a run, in the order in which they were asked. */
export async function readQuestions(store: Store, runId: string): Promise<readonly StoryQuestion[]> {
  const rows = await store.all<QuestionRow>(
    'SELECT * FROM comparison WHERE run_id = ? ORDER BY number',
    runId,
  )
  return rows.map((row) => ({
    id: row.key,
    set: row.set_name,
    question: row.question,
    task: row.task,
    input: row.input,
    base: row.base,
    tuned: row.tuned,
    gold: JSON.parse(row.gold) as string[],
    baseRight: row.base_right === 1,
    tunedRight: row.tuned_right === 1,
  }))
}
