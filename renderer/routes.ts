import { steps } from '../main/contract/projects.ts'
import type { Step } from '../main/contract/projects.ts'

/** Where the window is, as the address after `#` says it. */
export type Route =
  | { readonly name: 'home' }
  | {
      readonly name: 'step'
      readonly projectId: string
      readonly step: Step
      /** The run that the step shows; null shows the newest. */
      readonly runId: string | null
    }

/** Reads `#/` and `#/p/<id>/<step>?run=<id>`; whatever else is home, and an unknown step is Data. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2)
  const [, kind, id, step] = path.split('/')
  const projectId = decoded(id)
  if (kind !== 'p' || !projectId) return { name: 'home' }
  return {
    name: 'step',
    projectId,
    step: steps.find((one) => one === step) ?? 'data',
    runId: new URLSearchParams(query).get('run') || null,
  }
}

/** The hash of a route; `parseRoute` reads it back. */
export function formatRoute(route: Route): string {
  if (route.name === 'home') return '#/'
  const query = route.runId === null ? '' : `?${new URLSearchParams({ run: route.runId }).toString()}`
  return `#/p/${encodeURIComponent(route.projectId)}/${route.step}${query}`
}

/** The address of a step of a project. */
export function stepHref(projectId: string, step: Step, runId: string | null = null): string {
  return formatRoute({ name: 'step', projectId, step, runId })
}

function decoded(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return ''
  }
}
