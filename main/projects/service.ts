import { randomUUID } from 'node:crypto'
import { parseSettings } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { Changes } from '../store/changes.ts'
import { homeFolders, removeFolder } from '../store/files.ts'
import { keep, readKept } from '../store/kept.ts'
import type { Store } from '../store/open.ts'
import { isNameTaken, projectName, requireFreeName } from './names.ts'
import { projectMissing, readProject, readProjects } from './read-projects.ts'

export interface ProjectDeps {
  readonly store: Store
  readonly changes: Changes
  /** Stops every run, measurement, answer and export of the project and waits until none is at work. */
  stopWork(projectId: string): Promise<void>
  hasActiveRun(projectId: string): boolean | Promise<boolean>
}

type ProjectMethods = `projects.${'list' | 'get' | 'create' | 'rename' | 'delete' | 'choose'}`

export interface Projects extends Handlers<ProjectMethods> {
  /**
   * The project that comes with the app, made where there is none yet; its name gets a number where it is taken.
   * `isWhole` is false until `finishSample` was called for it.
   */
  findOrCreateSample(name: string): Promise<{ readonly projectId: string; readonly isWhole: boolean }>
  finishSample(projectId: string): Promise<void>
  /**
   * Removes folders that a deletion left behind when the app went; for the start of the app. Folders that this store
   * never knew stay: they are all that is left where a damaged store was put aside.
   */
  sweepOrphans(): Promise<void>
}

/** Projects: a name, a chosen model and settings; data and runs hang on them. */
export function createProjects({ store, changes, stopWork, hasActiveRun }: ProjectDeps): Projects {
  const folders = homeFolders(store.home)

  const update = async (projectId: string, assignment: string, value: string | null): Promise<void> => {
    const { changes: updated } = await store.run(
      `UPDATE project SET ${assignment}, updated_at = ? WHERE id = ?`,
      value,
      Date.now(),
      projectId,
    )
    if (updated === 0) throw projectMissing(projectId)
  }

  return {
    'projects.list': () => readProjects(store),
    'projects.get': ({ projectId }) => readProject(store, projectId),

    'projects.create': async ({ name: given }) => {
      const name = projectName(given)
      const id = randomUUID()
      await store.transaction(async (writer) => {
        await requireFreeName(writer, name)
        const now = Date.now()
        await writer.run(
          'INSERT INTO project (id, name, created_at, updated_at) VALUES (?, ?, ?, ?)',
          id,
          name,
          now,
          now,
        )
      })
      changes.publish('projects', id)
      return readProject(store, id)
    },

    'projects.rename': async ({ projectId, name: given }) => {
      const name = projectName(given)
      await store.transaction(async (writer) => {
        await requireFreeName(writer, name, projectId)
        const { changes: renamed } = await writer.run(
          'UPDATE project SET name = ?, updated_at = ? WHERE id = ?',
          name,
          Date.now(),
          projectId,
        )
        if (renamed === 0) throw projectMissing(projectId)
      })
      changes.publish('projects', projectId)
      return readProject(store, projectId)
    },

    'projects.delete': async ({ projectId, force }) => {
      const project = await readProject(store, projectId)
      if (!force && (await hasActiveRun(projectId)))
        throw new AppError(
          'project_busy',
          `A run of ${project.name} is at work. Stop it first, or delete the project together with it.`,
          { projectId },
        )
      await stopWork(projectId)
      // Rows first: if the app goes in between, the folder that was noted is removed at the next start.
      await store.transaction(async (writer) => {
        await writer.run("INSERT OR IGNORE INTO kept (key, value) VALUES (?, 'true')", removedKey(projectId))
        await writer.run('DELETE FROM notice WHERE project_id = ?', projectId)
        await writer.run('DELETE FROM problem WHERE project_id = ?', projectId)
        await writer.run('DELETE FROM example WHERE project_id = ?', projectId)
        await writer.run('DELETE FROM project WHERE id = ?', projectId)
      })
      changes.publish('notices', projectId)
      changes.publish('projects', projectId)
      // What began before the project was gone notices it now, and must not write into the folder any more.
      await stopWork(projectId)
      await removeFolder(folders.project(projectId)).catch(() => undefined)
      return null
    },

    'projects.choose': async ({ projectId, modelId, settings }) => {
      if (modelId !== undefined) {
        await requireModel(store, modelId)
        await update(projectId, 'model_id = ?', modelId)
      }
      if (settings !== undefined) {
        parseSettings(settings)
        await update(projectId, 'settings = ?', JSON.stringify(settings))
      }
      const project = await readProject(store, projectId)
      changes.publish('projects', projectId)
      return project
    },

    findOrCreateSample: async (name) => {
      const projectId = await findOrInsertSample(store, name)
      return { projectId, isWhole: (await readKept<boolean>(store, sampleKey(projectId))) === true }
    },
    finishSample: async (projectId) => {
      await keep(store, sampleKey(projectId), true)
      changes.publish('projects', projectId)
    },

    sweepOrphans: async () => {
      const prefix = removedKey('')
      const rows = await store.all<{ key: string }>(
        'SELECT key FROM kept WHERE substr(key, 1, ?) = ?',
        prefix.length,
        prefix,
      )
      for (const { key } of rows) {
        const folder = folders.project(key.slice(prefix.length))
        const isGone = await removeFolder(folder).then(
          () => true,
          () => false,
        )
        if (isGone) await store.run('DELETE FROM kept WHERE key = ?', key)
      }
    },
  }
}

async function requireModel(store: Store, modelId: string | null): Promise<void> {
  if (modelId === null) return
  const model = await store.get<{ id: string }>('SELECT id FROM model WHERE id = ?', modelId)
  if (!model)
    throw new AppError(
      'model_missing',
      'This model is not in the list of models any more. Choose another, or add its folder again.',
      { modelId },
    )
}

/** Notes that a project's folder is to be removed. */
function removedKey(projectId: string): string {
  return `project was deleted: ${projectId}`
}

function sampleKey(projectId: string): string {
  return `sample is whole: ${projectId}`
}

function findOrInsertSample(store: Store, wanted: string): Promise<string> {
  return store.transaction(async (writer) => {
    const found = await writer.get<{ id: string }>(
      'SELECT id FROM project WHERE sample = 1 ORDER BY created_at LIMIT 1',
    )
    if (found) return found.id
    let name = wanted
    for (let number = 2; await isNameTaken(writer, name, null); number++) name = `${wanted} ${number}`
    const id = randomUUID()
    const now = Date.now()
    await writer.run(
      'INSERT INTO project (id, name, sample, created_at, updated_at) VALUES (?, ?, 1, ?, ?)',
      id,
      name,
      now,
      now,
    )
    return id
  })
}
