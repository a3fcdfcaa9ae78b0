import { createWriteStream } from 'node:fs'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { cpus, freemem, release, totalmem, type, version as systemVersion } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { appLogFiles } from '../app-log.ts'
import type { DoctorResult } from '../contract/engine-types.ts'
import { AppError } from '../contract/errors.ts'
import { connect } from '../store/connection.ts'
import type { Connection } from '../store/connection.ts'
import { homeFacts } from './home-facts.ts'
import { createRedaction } from './redaction.ts'
import { runFacts } from './run-facts.ts'
import type { SupportRun } from './run-facts.ts'
import { compareTexts } from './own-texts.ts'
import { plainLine } from './plain-line.ts'
import { createSharedWords } from './shared-words.ts'
import { modelFacts, projectFacts, storeFacts, told } from './store-facts.ts'

export interface SupportRequest {
  readonly home: string
  /** Loracle's own. */
  readonly version: string
  /** What a check of machine and providers gave, or the error that it ended with. */
  readonly doctor: DoctorResult | { readonly failed: string }
  /** The file to make; one that is there is not written over. */
  readonly out: string
}

export interface SupportFile {
  readonly path: string
  readonly bytes: number
  /** What is in it, by name. */
  readonly files: readonly string[]
  /** Texts from which pieces of documents had to be struck out. */
  readonly struck: number
}

const readme = `This file was made by "loracle doctor --support" for whoever helps with a fault. It was not sent anywhere.

In it: versions, processor, memory, the check of every execution provider; how much lies in the home folder; the
store's form, health and numbers of rows; of projects, models and runs their numbers, kinds and settings; the newest
runs' logs and loss curves; the app's own log.

Not in it: documents, questions, answers, names of projects, files and columns, paths, web addresses, chats. What stands
in quotes in a log was replaced by "…", and whatever coincides with a document over five words in a row by [text of a
document]. Look through it before you send it: every file is plain text.
`

/**
 * Writes one ZIP file that a person can send to whoever helps: versions, providers, settings, logs, without a word of
 * their documents. Changes nothing in the home folder, and works also while Loracle is open or its store is damaged.
 *
 * @throws AppError `name_taken` where the file is there, `write_failed`.
 */
export async function writeSupportFile({ home, version, doctor, out }: SupportRequest): Promise<SupportFile> {
  if (await stat(out).catch(() => null))
    throw new AppError('name_taken', `${out} is there already. Name another file with --out.`, { out })
  const { records, logs, struck } = await gather({ home, version, doctor })
  const zip = new ZipFile()
  const files = ['README.txt', ...Object.keys(records), ...Object.keys(logs)]
  zip.addBuffer(Buffer.from(readme), 'README.txt')
  for (const [name, value] of Object.entries(records))
    zip.addBuffer(Buffer.from(`${JSON.stringify(value, null, 2)}\n`), name)
  for (const [name, text] of Object.entries(logs)) zip.addBuffer(Buffer.from(text), name)
  zip.end()
  const half = `${out}.part`
  try {
    await pipeline(zip.outputStream, createWriteStream(half))
    await rename(half, out)
  } catch (thrown) {
    await rm(half, { force: true })
    const said = thrown instanceof Error ? thrown.message : String(thrown)
    throw new AppError('write_failed', `${out} cannot be written: ${said}. Name another place with --out.`, {
      out,
    })
  }
  return { path: out, bytes: (await stat(out)).size, files, struck }
}

async function gather({ home, version, doctor }: Omit<SupportRequest, 'out'>) {
  const store = await connect(join(home, 'store.sqlite'), 'read').catch(() => null)
  try {
    const names = new Map<string, string>()
    const projects = store && (await projectFacts(store, names))
    const models = store && (await modelFacts(store, names))
    const runs = store ? await runFacts(store, names) : []
    const records: Record<string, unknown> = {
      'about.json': aboutOf(version),
      'doctor.json': doctor,
      'home.json': await homeFacts(home),
      'store.json': store ? await storeFacts(store) : { failed: 'there is no store that can be opened' },
      'projects.json': projects,
      'models.json': models,
      ...Object.fromEntries(runs.map(({ number, facts }) => [`runs/${number}.json`, facts])),
    }
    const redact = createRedaction(home, names)
    // By file what is in it: values for JSON, lines for a log.
    const told = mapTexts({ records, logs: await logsOf({ home, store, runs }) }, redact)
    const texts: string[] = []
    mapTexts(told, (text) => (texts.push(text), text))
    const shared = createSharedWords(texts)
    if (store) await compareTexts(store, (text) => shared.compare(text))
    const struck = shared.struck()
    let at = 0
    const kept = mapTexts(told, () => struck[at++] ?? '')
    return {
      records: kept.records,
      logs: {
        ...Object.fromEntries(
          Object.entries(kept.logs).map(([name, lines]) => [name, lines.map((line) => `${line}\n`).join('')]),
        ),
        ...Object.fromEntries(runs.map(({ number, metrics }) => [`runs/${number}.metrics.jsonl`, metrics])),
      },
      struck: struck.filter((text, i) => text !== texts[i]).length,
    }
  } finally {
    await store?.close()
  }
}

function aboutOf(version: string) {
  return {
    version,
    node: process.version,
    electron: process.versions['electron'] ?? null,
    system: `${type()} ${release()} ${process.arch}`,
    systemVersion: systemVersion(),
    processors: cpus().map(({ model }) => model.trim()),
    memoryMegabytes: Math.round(totalmem() / 1e6),
    freeMegabytes: Math.round(freemem() / 1e6),
    language: Intl.DateTimeFormat().resolvedOptions().locale,
    // What is set, not to what: values may be paths.
    variables: Object.keys(process.env).filter((name) =>
      /^(LORACLE_|ORT_|CUDA_|VK_|OMP_|NODE_OPTIONS$)/.test(name),
    ),
  }
}

interface Logs {
  readonly home: string
  readonly store: Connection | null
  readonly runs: readonly SupportRun[]
}

/** By file the lines that people or programs wrote. */
async function logsOf({ home, store, runs }: Logs): Promise<Readonly<Record<string, readonly string[]>>> {
  const appLog = await Promise.all(appLogFiles(home).map((path) => readFile(path, 'utf8').catch(() => '')))
  const notices = store && (await told(() => store.all('SELECT at, error FROM notice ORDER BY at')))
  return {
    'logs/app.log': appLog.toReversed().flatMap(linesOf).map(plainLine),
    'logs/notices.log': Array.isArray(notices) ? notices.map(plainLine) : [],
    ...Object.fromEntries(runs.map(({ number, log }) => [`runs/${number}.log`, log])),
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** The same value with each text in it changed, in the order in which they stand. */
function mapTexts<V>(value: V, change: (text: string) => string): V {
  return mapped(value) as V

  function mapped(one: unknown): unknown {
    if (typeof one === 'string') return change(one)
    if (Array.isArray(one)) return one.map(mapped)
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, mapped(inner)]))
  }
}
