import type { ProjectSummary, Step } from '../../../main/contract/projects.ts'

/** Where a project opens: at the first step that has something to do or to see. */
export function openingStep(project: ProjectSummary): Step {
  const status = project.lastRun?.status
  if (project.examples === 0) return 'data'
  if (status === undefined) return project.sample ? 'train' : 'data'
  return status === 'finished' ? 'compare' : 'train'
}
