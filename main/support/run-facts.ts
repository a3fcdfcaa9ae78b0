import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reader } from '../store/connection.ts'
import { told } from './store-facts.ts'

/** A run as a support file shows it: its row without names, its log, and the end of its metrics. */
export interface SupportRun {
  readonly number: number
  readonly facts: Readonly<Record<string, unknown>>
  /** Lines for people: they may hold anything until they are redacted. */
  readonly log: readonly string[]
  /** JSON lines of numbers. */
  readonly metrics: string
}

const newest = 20
const metricsBytes = 300_000
/** The settings that hold a text of the person's own. */
const ownTexts: ReadonlySet<string> = new Set(['stopStrings'])

type Row = Readonly<Record<string, string | number | null>>

/** The newest runs. Their names, and what names them, go into `names`. */
export async function runFacts(reader: Reader, names: Map<string, string>): Promise<readonly SupportRun[]> {
  const found = await told(() =>
    reader.all<Row>('SELECT * FROM run ORDER BY created_at DESC LIMIT ?', newest),
  )
  if (!Array.isArray(found)) return []
  const runs: SupportRun[] = []
  for (const row of found as readonly Row[]) {
    const number = runs.length + 1
    for (const own of [row['name'], row['id']]) names.set(String(own), `<run ${number}>`)
    const lines = await told(() =>
      reader.all<Row>('SELECT at, level, text FROM run_log WHERE run_id = ? ORDER BY id', row['id'] ?? null),
    )
    const log = Array.isArray(lines)
      ? (lines as readonly Row[]).map(
          ({ at, level, text }) => `${new Date(Number(at)).toISOString()} ${level} ${text}`,
        )
      : [JSON.stringify(lines)]
    runs.push({ number, facts: factsOf(row), log, metrics: await metricsOf(String(row['folder'])) })
  }
  return runs
}

const parsed = ['settings', 'changed', 'splits', 'error', 'scores_before', 'scores_after', 'facts'] as const
const leftOut: ReadonlySet<string> = new Set([
  'id',
  'project_id',
  'search_id',
  'model_id',
  'name',
  'folder',
  'model_folder',
  'outcome',
  ...parsed,
])

function factsOf(row: Row): Record<string, unknown> {
  const plain = Object.entries(row).filter(([name]) => !leftOut.has(name))
  const read = parsed.map((name) => [name, jsonOf(row[name] ?? null)] as const)
  return {
    ...Object.fromEntries(plain),
    ...Object.fromEntries(read),
    settings: settingsShown(jsonOf(row['settings'] ?? null)),
    changed: settingsShown(jsonOf(row['changed'] ?? null)),
    kept: row['outcome'] !== null,
    isTrial: row['search_id'] !== null && row['search_id'] !== undefined,
  }
}

function settingsShown(settings: unknown): unknown {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return settings
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      ownTexts.has(name) && value !== null ? `<${JSON.stringify(value).length} characters>` : value,
    ]),
  )
}

function jsonOf(text: string | number | null): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : text
  } catch {
    return { failed: 'not JSON' }
  }
}

/** The last lines of a run's metrics, with their numbers alone. */
async function metricsOf(folder: string): Promise<string> {
  try {
    const file = await open(join(folder, 'metrics.jsonl'))
    try {
      const { size } = await file.stat()
      const start = Math.max(0, size - metricsBytes)
      const bytes = Buffer.alloc(size - start)
      await file.read(bytes, 0, bytes.length, start)
      const lines = bytes.toString('utf8').split('\n')
      return `${lines
        .slice(start > 0 ? 1 : 0)
        .flatMap(numbersOf)
        .join('\n')}\n`
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}

const metricNames =
  /^(type|step|steps|epoch|loss|learningRate|gradNorm|tokens\w*|\w*Seconds|secondsLeft|rssMb|processorPercent|perplexity|best)$/

function numbersOf(line: string): string[] {
  const value = jsonOf(line)
  if (typeof value !== 'object' || value === null || 'failed' in value) return []
  const kept = Object.entries(value).filter(
    ([name, one]) => metricNames.test(name) && (typeof one !== 'string' || /^\w{1,20}$/.test(one)),
  )
  return [JSON.stringify(Object.fromEntries(kept))]
}
