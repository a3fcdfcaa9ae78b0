import type { ErrorValue } from '../../main/contract/errors.ts'
import type { ProjectDetail, Step, StepState } from '../../main/contract/projects.ts'
import { host } from '../connect.ts'
import { onChange } from './changes.ts'
import { errorOf } from './errors.ts'
import { router } from './router.svelte.ts'
import { showError } from './toasts.svelte.ts'

let detail = $state.raw<ProjectDetail>()
let error = $state.raw<ErrorValue>()
let newest = 0
let queued: ReturnType<typeof setTimeout> | undefined

/** The project of the route, reactive; kept up to date with every change that is told. */
export const project = {
  /** Empty where the route is none of a project. */
  get id(): string {
    return router.route.name === 'step' ? router.route.projectId : ''
  },
  /** Undefined until it is loaded. */
  get detail(): ProjectDetail | undefined {
    return detail?.id === project.id ? detail : undefined
  },
  get error(): ErrorValue | undefined {
    return error
  },
}

/** Whether a step of the current project can be used; undefined until the project is loaded. */
export function stepState(step: Step): StepState | undefined {
  return project.detail?.steps.find((one) => one.step === step)
}

/** Puts in what a call has just returned. */
export function setProject(next: ProjectDetail): void {
  detail = next
  error = undefined
}

interface Choice {
  readonly modelId?: string | null
  readonly settings?: Readonly<Record<string, unknown>>
}

/** Keeps the chosen model or settings, of the project that is shown or of one that was left since. */
export async function chooseInProject(choice: Choice, projectId: string = project.id): Promise<void> {
  try {
    const chosen = await host.call('projects.choose', { projectId, ...choice })
    if (chosen.id === project.id) setProject(chosen)
  } catch (thrown) {
    showError(thrown)
  }
}

async function load(projectId: string): Promise<void> {
  const mine = ++newest
  try {
    const loaded = await host.call('projects.get', { projectId })
    if (mine === newest) setProject(loaded)
  } catch (thrown) {
    if (mine !== newest) return
    error = errorOf(thrown)
    // Deleted in another window: nothing of it can be used any more.
    if (error.code === 'project_missing') detail = undefined
  }
}

$effect.root(() => {
  $effect(() => {
    const { id } = project
    error = undefined
    if (id !== '') void load(id)
  })
})

onChange((change) => {
  const { id } = project
  if (id === '') return
  if (change !== 'reconnected' && change.projectId !== null && change.projectId !== id) return
  queued ??= setTimeout(() => {
    queued = undefined
    if (project.id !== '') void load(project.id)
  }, 150)
})
