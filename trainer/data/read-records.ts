import { TrainerError } from '../errors.ts'
import { JsonFaultError, parseJson } from '../parse-json.ts'
import type { Dataset } from './example.ts'
import { isFlatForm, readFlatForm, readFlatRecord } from './flat-form.ts'
import { locateJsonFault } from './json-position.ts'
import { describeValue, faultyRecord, isObject } from './raw-record.ts'
import type { RawRecord } from './raw-record.ts'
import { readText } from './read-text.ts'
import { isSquadForm, readSquadForm } from './squad-form.ts'

export interface RawRecords {
  readonly format: Dataset['format']
  readonly records: readonly RawRecord[]
}

const expectedForms =
  'Expected is SQuAD ({"data":[{"title","paragraphs":[{"context","qas":[…]}]}]}) or one record an entry ({"id","context","question","answers"}) as a JSON list or as JSONL.'

/**
 * Reads the entries of a data file and says which of the known forms it has; no entry is checked yet.
 *
 * @throws TrainerError `file_missing`, `file_invalid`, `data_invalid` (no JSON, or neither form), `data_empty`
 * (no entry at all).
 */
export async function readRecords(path: string): Promise<RawRecords> {
  const text = await readText(path)
  if (text.trim() === '') throw empty(path)
  const found = parseWhole(text, path) ?? parseLines(text, path)
  if (found.records.length === 0) throw empty(path)
  return found
}

function parseWhole(text: string, path: string): RawRecords | null {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (thrown) {
    if (looksLikeLines(text, path)) return null
    throw notJson(text, path, thrown)
  }
  if (Array.isArray(value)) return readList(value, '', path)
  if (isObject(value)) {
    const { data } = value
    if (Array.isArray(data)) return readList(data, 'data', path)
    if (isFlatForm([value])) return { format: 'flat-jsonl', records: [readFlatRecord(value, 'line 1')] }
  }
  throw neitherForm(path, [value])
}

function readList(entries: readonly unknown[], prefix: string, path: string): RawRecords {
  if (isSquadForm(entries)) return { format: 'squad', records: readSquadForm(entries, prefix) }
  if (entries.length > 0 && !isFlatForm(entries)) throw neitherForm(path, entries)
  return { format: 'flat-json', records: readFlatForm(entries, (i) => `${prefix}[${i}]`) }
}

function parseLines(text: string, path: string): RawRecords {
  const values: unknown[] = []
  const records = text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    const where = `line ${i + 1}`
    try {
      const value: unknown = parseJson(line)
      values.push(value)
      return [readFlatRecord(value, where)]
    } catch (thrown) {
      const fault = locateJsonFault(line)
      const column = fault
        ? `, column ${fault.column}: ${fault.reason}`
        : thrown instanceof JsonFaultError
          ? `: ${thrown.message}`
          : ''
      return [faultyRecord(where, `The line is not JSON${column}.`)]
    }
  })
  if (!isFlatForm(values)) throw neitherForm(path, values)
  return { format: 'flat-jsonl', records }
}

/** JSONL by its name, or by its first line, or because most of its lines are records of their own. */
function looksLikeLines(text: string, path: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length > 1 && /\.(jsonl|ndjson)$/i.test(path)) return lines.some(isRecordLine)
  const first = lines[0] ?? ''
  if (lines.length < 2 || !first.trimStart().startsWith('{')) return false
  return isRecordLine(first) || lines.filter(isRecordLine).length * 2 >= lines.length
}

function isRecordLine(line: string): boolean {
  try {
    return isObject(parseJson(line))
  } catch {
    return false
  }
}

function empty(path: string): TrainerError {
  return new TrainerError('data_empty', `${path} holds no record. ${expectedForms}`, { path })
}

function notJson(text: string, path: string, thrown: unknown): TrainerError {
  const fault = locateJsonFault(text)
  const place = fault
    ? ` at line ${fault.line}, column ${fault.column}: ${fault.reason}`
    : thrown instanceof JsonFaultError
      ? ` that is read: ${thrown.message}`
      : ''
  return new TrainerError(
    'data_invalid',
    `${path} is not JSON${place}. Mend the file there, or export it again.`,
    {
      path,
      line: fault?.line ?? null,
      column: fault?.column ?? null,
    },
  )
}

function neitherForm(path: string, entries: readonly unknown[]): TrainerError {
  const entry = entries.find(isObject)
  const keys = entry ? Object.keys(entry).slice(0, 12).join(', ') : ''
  const found = entry ? `the keys ${keys || '(none)'}` : describeValue(entries[0])
  return new TrainerError(
    'data_invalid',
    `${path} is not a question-answer file: found ${found}. ${expectedForms}`,
    {
      path,
      keys,
    },
  )
}
