import { AppError } from '../contract/errors.ts'
import type { Store } from '../store/open.ts'

/** What a run needs to know of a project's examples before it begins. */
export interface ProjectData {
  readonly name: string
  readonly modelId: string | null
  readonly counts: { readonly train: number; readonly validation: number; readonly test: number }
  /** Words of the longest context together with its question. */
  readonly longestWords: number
  readonly longestAnswerWords: number
  /** Training examples that ask for a text of its own, which need not stand in the given one. */
  readonly tasks: number
  /** Texts that can be learnt as they are. */
  readonly passages: number
}

/** @throws AppError `project_missing`. */
export async function requireProject(store: Store, projectId: string): Promise<void> {
  if (!(await store.get('SELECT 1 FROM project WHERE id = ?', projectId))) throw projectMissing(projectId)
}

function projectMissing(projectId: string): AppError {
  return new AppError('project_missing', 'This project is no longer there. Choose another one.', {
    projectId,
  })
}

/** Counts a project's examples, without reading them. @throws AppError `project_missing`. */
export async function readProjectData(store: Store, projectId: string): Promise<ProjectData> {
  const project = await store.get<{ name: string; model_id: string | null }>(
    'SELECT name, model_id FROM project WHERE id = ?',
    projectId,
  )
  if (!project) throw projectMissing(projectId)
  const splits = await store.all<{
    split: 'train' | 'validation' | 'test'
    count: number
    tasks: number
    words: number
    answer: number
  }>(
    `SELECT split, COUNT(*) AS count, SUM(form = 'task') AS tasks, MAX(context_words + question_words) AS words, MAX(answer_words) AS answer
      FROM example WHERE project_id = ? GROUP BY split`,
    projectId,
  )
  const texts = await store.get<{ count: number }>(
    'SELECT COUNT(*) AS count FROM passage WHERE project_id = ? AND searchable = 1',
    projectId,
  )
  const count = (name: string) => splits.find(({ split }) => split === name)?.count ?? 0
  return {
    name: project.name,
    modelId: project.model_id,
    counts: { train: count('train'), validation: count('validation'), test: count('test') },
    longestWords: Math.max(0, ...splits.map(({ words }) => words)),
    longestAnswerWords: Math.max(0, ...splits.map(({ answer }) => answer)),
    tasks: splits.find(({ split }) => split === 'train')?.tasks ?? 0,
    passages: texts?.count ?? 0,
  }
}
