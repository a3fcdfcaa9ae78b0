import { AppError } from '../contract/errors.ts'
import type { ProjectDetail, ProjectSummary } from '../contract/projects.ts'
import type { Reader } from '../store/connection.ts'
import { projectForm } from '../store/project-form.ts'
import { stepStates } from './project-steps.ts'

interface ProjectRow {
  readonly id: string
  readonly name: string
  readonly sample: number
  readonly createdAt: number
  readonly updatedAt: number
  readonly examples: number
  readonly passages: number
  readonly runs: number
  readonly lastRunId: string | null
  readonly lastStatus: string | null
  readonly lastBefore: number | null
  readonly lastAfter: number | null
}

// What is still being imported does not count.
const summaryColumns = `
  p.id, p.name, p.sample, p.created_at AS createdAt, p.updated_at AS updatedAt,
  (SELECT count(*) FROM example e WHERE e.project_id = p.id AND e.source_id NOT IN
    (SELECT id FROM source WHERE project_id = p.id AND ready = 0)) AS examples,
  (SELECT count(*) FROM source s JOIN passage t ON t.source_id = s.id WHERE s.project_id = p.id AND s.ready = 1)
    AS passages,
  (SELECT count(*) FROM run r WHERE r.project_id = p.id AND r.search_id IS NULL) AS runs,
  last.id AS lastRunId, last.status AS lastStatus,
  json_extract(last.scores_before, '$.f1') AS lastBefore, json_extract(last.scores_after, '$.f1') AS lastAfter`

const fromProject = `
  FROM project p LEFT JOIN run last ON last.id =
    (SELECT id FROM run WHERE project_id = p.id AND search_id IS NULL ORDER BY created_at DESC, rowid DESC LIMIT 1)`

/** All projects, the one that was last worked on first. */
export async function readProjects(store: Reader): Promise<ProjectSummary[]> {
  const rows = await store.all<ProjectRow>(
    `SELECT ${summaryColumns} ${fromProject} ORDER BY p.updated_at DESC, p.created_at DESC, p.id`,
  )
  return rows.map(summaryOf)
}

type DetailRow = ProjectRow & {
  readonly modelId: string | null
  readonly modelReason: string | null
  readonly settings: string
  readonly hasTrain: number
  readonly hasComparisons: number
  readonly usableRunId: string | null
  readonly currentRunId: string | null
}

/** @throws AppError `project_missing`. */
export async function readProject(store: Reader, projectId: string): Promise<ProjectDetail> {
  const row = await store.get<DetailRow>(
    `SELECT ${summaryColumns}, p.model_id AS modelId, m.reason AS modelReason, p.settings,
       EXISTS (SELECT 1 FROM example e JOIN source s ON s.id = e.source_id
         WHERE e.project_id = p.id AND e.split = 'train' AND s.ready = 1) AS hasTrain,
       EXISTS (SELECT 1 FROM run r JOIN comparison c ON c.run_id = r.id
         WHERE r.project_id = p.id AND r.status = 'finished') AS hasComparisons,
       (SELECT id FROM run WHERE project_id = p.id AND search_id IS NULL AND outcome IS NOT NULL LIMIT 1)
         AS usableRunId,
       (SELECT id FROM run WHERE project_id = p.id AND search_id IS NULL AND outcome IS NOT NULL AND status = 'finished'
         ORDER BY ended_at DESC, created_at DESC LIMIT 1) AS currentRunId
     ${fromProject} LEFT JOIN model m ON m.id = p.model_id WHERE p.id = ?`,
    projectId,
  )
  if (!row) throw projectMissing(projectId)
  return {
    ...summaryOf(row),
    modelId: row.modelId,
    settings: JSON.parse(row.settings) as Record<string, unknown>,
    steps: stepStates({
      trainExamples: row.hasTrain,
      examples: row.examples,
      passages: row.passages,
      modelId: row.modelId,
      modelReason: row.modelReason,
      hasComparisons: row.hasComparisons === 1,
      hasUsableRun: row.usableRunId !== null,
    }),
    form: await projectForm(store, projectId),
    currentRunId: row.currentRunId,
  }
}

export function projectMissing(projectId: string): AppError {
  return new AppError(
    'project_missing',
    'This project is not there any more. Choose another from the list.',
    {
      projectId,
    },
  )
}

function summaryOf(row: ProjectRow): ProjectSummary {
  return {
    id: row.id,
    name: row.name,
    sample: row.sample === 1,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    examples: row.examples,
    passages: row.passages,
    runs: row.runs,
    lastRun:
      row.lastRunId === null
        ? null
        : {
            id: row.lastRunId,
            status: row.lastStatus ?? '',
            f1Before: row.lastBefore,
            f1After: row.lastAfter,
          },
  }
}
