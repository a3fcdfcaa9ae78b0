import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { homeFolders } from '../store/files.ts'

/** A file of the home folder's or a project's mirror, and the parts of the store that it keeps. */
export interface MirrorFile {
  readonly name: string
  readonly parts: readonly Part[]
}

/** Rows of a table that belong to `?1` (a project, a source, a run), in the order of a column without repetitions. */
export interface Part {
  readonly table: string
  readonly where: string
  /** Null for tables so small that they are read at once. */
  readonly key: string | null
}

const ofProject = 'project_id = ?1'
const small = (table: string, where: string): Part => ({ table, where, key: 'rowid' })
const ofSource = (table: string, more = ''): Part => ({ table, where: `source_id = ?1${more}`, key: 'id' })
const problemStates = ['rejected', 'flagged', 'mended', 'mended-by-person', 'ignored']

/** What belongs to no project; `?1` is not used. */
export const libraryParts: readonly Part[] = [
  small('kept', '?1 IS NOT NULL'),
  small('model', '?1 IS NOT NULL'),
  small('download', '?1 IS NOT NULL'),
  small('saved_mapping', '?1 IS NOT NULL'),
  small('notice', '?1 IS NOT NULL'),
]

/** A project's files beside its data and its runs, by what they are called in `touched` scopes. */
export const projectParts = {
  chats: [
    small('chat', ofProject),
    { table: 'chat_turn', where: 'chat_id IN (SELECT id FROM chat WHERE project_id = ?1)', key: 'id' },
  ],
  searches: [
    small('search', ofProject),
    { table: 'trial', where: 'search_id IN (SELECT id FROM search WHERE project_id = ?1)', key: null },
  ],
  drafts: [{ table: 'draft', where: ofProject, key: 'id' }],
  exports: [small('export', ofProject)],
} as const satisfies Readonly<Record<string, readonly Part[]>>

export type ProjectFile = keyof typeof projectParts
export const projectFiles = Object.keys(projectParts) as readonly ProjectFile[]

/** A source's passages before the examples that ask about them. Each part walks an index of its own. */
export const sourceParts: readonly Part[] = [
  ofSource('passage', ' AND searchable = 1'),
  ofSource('passage', ' AND searchable = 0'),
  { table: 'shared_passage', where: 'source_id = ?1', key: 'passage_id' },
  ofSource('example'),
  ...problemStates.map((status) => ofSource('problem', ` AND status = '${status}'`)),
]

export const runParts: readonly Part[] = [
  { table: 'run', where: 'id = ?1', key: null },
  { table: 'run_log', where: 'run_id = ?1', key: 'id' },
  { table: 'comparison', where: 'run_id = ?1', key: 'number' },
]

/** Where the mirror lies. */
export function mirrorPaths(home: string) {
  const folders = homeFolders(home)
  return {
    store: join(home, 'store.sqlite'),
    library: join(home, 'library.jsonl.gz'),
    projects: folders.projects,
    project: (projectId: string) => folders.project(projectId),
    manifest: (projectId: string) => join(folders.project(projectId), 'project.json'),
    dataset: (projectId: string) => join(folders.project(projectId), 'dataset'),
    projectFile: (projectId: string, file: ProjectFile) =>
      join(folders.project(projectId), `${file}.jsonl.gz`),
    run: (runFolder: string) => join(runFolder, 'run.jsonl.gz'),
    /** How often the store had changed when the mirror last looked. */
    sequence: join(home, 'mirror.json'),
    /** There from the moment in which SQLite found damage until the next start has looked. */
    suspect: join(home, 'store.suspect'),
    /** What the store's file looked like when it was last closed in order. */
    closed: join(home, 'store.closed.json'),
  } as const
}

/** The sequence that a home's mirror has seen; 0 where there is none. */
export async function readMirrorSequence(home: string): Promise<number> {
  try {
    const text = await readFile(mirrorPaths(home).sequence, 'utf8')
    return z.object({ sequence: z.number() }).parse(JSON.parse(text)).sequence
  } catch {
    return 0
  }
}

const row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))
const manifestSchema = z.object({
  /** The store's `user_version` whose tables the rows fit. */
  form: z.int().min(1),
  dataVersion: z.number(),
  project: row,
  /** The chosen model's row; null where none is chosen. */
  model: row.nullable(),
  sources: z.array(
    z.object({
      /** The file in `dataset/`. */
      file: z.string().regex(/^[\w.-]+$/),
      /** Changes with what the file holds. */
      mark: z.string(),
      rows: z.record(z.string(), z.number()),
      row,
    }),
  ),
  /** The file in `dataset/` that says which split each example is in. */
  splits: z.string().regex(/^[\w.-]+$/),
  /** Of each file beside it the digest of its rows. */
  files: z.record(z.string(), z.string()),
  runs: z.array(z.object({ id: z.string(), folder: z.string(), mark: z.string() })),
})

/** `project.json`: a project as it was when its mirror was last whole. */
export type Manifest = z.infer<typeof manifestSchema>
export type RowValues = z.infer<typeof row>

/** Reads a project's manifest; null where there is none that can be read. */
export async function readManifest(path: string): Promise<Manifest | null> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}
