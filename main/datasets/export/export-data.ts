import { join } from 'node:path'
import type { DatasetFormat, WrittenDataset } from '../../contract/datasets.ts'
import { AppError } from '../../contract/errors.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { Reader } from '../../store/connection.ts'
import { homeFolders } from '../../store/files.ts'
import { projectMissing } from '../project-data.ts'
import type { DatasetDeps } from '../project-data.ts'
import { csvText } from './csv-text.ts'
import type { Disarmed } from './csv-text.ts'
import { countRows, exportedRows } from './exported-rows.ts'
import type { Choice, Counts } from './exported-rows.ts'
import { jsonlText } from './jsonl-text.ts'
import { fileName } from '../../store/new-place.ts'
import { writeNewFile } from './new-file.ts'
import { squadText } from './squad-text.ts'

const endings = { squad: '.json', jsonl: '.jsonl', csv: '.csv' } as const satisfies Record<
  DatasetFormat,
  string
>
// A write a row would take longer than the rows.
const chunkCharacters = 1 << 18

export function exportDataHandlers({ store }: Pick<DatasetDeps, 'store'>): Handlers<'data.export'> {
  return {
    'data.export': async ({ projectId, format, split, folder }, { signal }) => {
      const project = await store.get<{ name: string }>('SELECT name FROM project WHERE id = ?', projectId)
      if (!project) throw projectMissing(projectId)
      const stem = fileName(project.name, 'dataset')
      const target = {
        folder: folder ?? join(homeFolders(store.home).exports, stem),
        stem: split === null ? stem : `${stem}-${split}`,
        ending: endings[format],
      }
      // Nothing of the data changes while they are written.
      return store.transaction(async (reader) => {
        const choice = { projectId, split }
        const counts = await countRows(reader, choice)
        const { questions, tasks } = counts
        const examples = format === 'squad' ? questions : questions + tasks
        if (examples === 0) throw nothingToExport(choice, tasks)
        const disarmed = { cells: 0, tasks: 0 }
        const text = gathered(textOf(reader, { format, choice, counts, disarmed }))
        const written = await writeNewFile(target, text, signal)
        return {
          ...written,
          examples,
          leftOut: questions + tasks - examples,
          note: noteOn(format, tasks, disarmed),
        } satisfies WrittenDataset
      })
    },
  }
}

interface Task {
  readonly format: DatasetFormat
  readonly choice: Choice
  readonly counts: Counts
  readonly disarmed: Disarmed
}

function textOf(reader: Reader, { format, choice, counts, disarmed }: Task): AsyncGenerator<string> {
  const rows = exportedRows(reader, choice, { byArticle: format === 'squad' })
  switch (format) {
    case 'squad':
      return squadText(rows, { hasUnanswerable: counts.unanswerable > 0 })
    case 'jsonl':
      return jsonlText(rows)
    case 'csv':
      return csvText(rows, {
        hasQuestions: counts.questions > 0,
        hasTasks: counts.tasks > 0,
        hasKinds: counts.kinds > 0,
        disarmed,
      })
  }
}

async function* gathered(parts: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk: string[] = []
  let characters = 0
  for await (const part of parts) {
    chunk.push(part)
    characters += part.length
    if (characters < chunkCharacters) continue
    yield chunk.join('')
    chunk = []
    characters = 0
  }
  if (chunk.length > 0) yield chunk.join('')
}

function noteOn(format: DatasetFormat, tasks: number, { cells, tasks: cut }: Disarmed): string | null {
  if (format === 'squad' && tasks > 0)
    return `${tasks.toLocaleString('en-US')} ${tasks === 1 ? 'example is a task' : 'examples are tasks'} with free targets, which SQuAD has no form for. Export JSONL to have all.`
  const parts = [
    cells > 0 &&
      `${cells.toLocaleString('en-US')} ${cells === 1 ? 'cell begins' : 'cells begin'} with an apostrophe, so that no spreadsheet takes them for formulas.`,
    cut > 0 &&
      `Of ${cut.toLocaleString('en-US')} ${cut === 1 ? 'task' : 'tasks'} with several targets only the first was written.`,
  ].filter((part) => part !== false)
  if (parts.length > 0) return `${parts.join(' ')} Export JSONL to have everything unchanged.`
  return null
}

function nothingToExport({ split }: Choice, tasks: number): AppError {
  if (tasks > 0)
    return new AppError(
      'export_failed',
      'All examples are tasks with free targets, which SQuAD has no form for. Export JSONL or CSV.',
      { tasks },
    )
  return new AppError(
    'export_failed',
    split === null
      ? 'There are no examples to export. Add a file with questions, or mark answers in documents.'
      : `There are no examples in ${split}. Give it a share, or choose another part.`,
    { split },
  )
}
