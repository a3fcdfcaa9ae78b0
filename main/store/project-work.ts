import { AppError } from '../contract/errors.ts'

/** Long work by the project that it belongs to, so that it ends before its project is deleted. */
export interface ProjectWork {
  /**
   * Does `work` with a signal that aborts with the caller's and when the project goes.
   *
   * @throws AppError `project_missing` where the project went meanwhile, else what `work` throws.
   */
  during<R>(projectId: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<R>): Promise<R>
  /** Ends what goes on for a project; resolves when it has ended. */
  stop(projectId: string): Promise<void>
}

interface Going {
  readonly projectId: string
  readonly stopping: AbortController
  readonly ended: Promise<unknown>
}

export function createProjectWork(): ProjectWork {
  const going = new Set<Going>()
  return {
    during: async (projectId, signal, work) => {
      const stopping = new AbortController()
      const result = work(AbortSignal.any([signal, stopping.signal]))
      const mine = { projectId, stopping, ended: result.catch(() => undefined) }
      going.add(mine)
      try {
        return await result
      } catch (thrown) {
        throw stopping.signal.aborted ? deleted(projectId) : thrown
      } finally {
        going.delete(mine)
      }
    },
    stop: async (projectId) => {
      const ofProject = [...going].filter((one) => one.projectId === projectId)
      for (const { stopping } of ofProject) stopping.abort()
      await Promise.all(ofProject.map(({ ended }) => ended))
    },
  }
}

function deleted(projectId: string): AppError {
  return new AppError(
    'project_missing',
    'The project was deleted meanwhile, and what was at work for it was ended.',
    { projectId },
  )
}
