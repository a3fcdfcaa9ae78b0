import type { App } from '../../app.ts'
import { nearestName } from '../../app.ts'
import type { ProjectSummary } from '../../contract/projects.ts'
import { Failure } from './failure.ts'
import { shellWord } from './format.ts'
import { plainCall } from '../../app.ts'

/** The project of a name, in whatever letter case, or of an id. @throws Failure `project_missing` with the nearest name. */
export async function findProject({ handlers }: App, name: string): Promise<ProjectSummary> {
  const projects = await handlers['projects.list']({}, plainCall)
  const folded = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim().toLowerCase()
  const found = projects.find((one) => one.id === name || folded(one.name) === folded(name))
  if (found) return found
  const near = nearestName(
    name,
    projects.map((one) => one.name),
  )
  const hint = near
    ? `Did you mean ${near}? loracle project list shows them all.`
    : projects.length > 0
      ? 'loracle project list shows those that there are.'
      : `There is none yet: make it with loracle project create ${shellWord(name)}.`
  throw new Failure('project_missing', `There is no project ${name}. ${hint}`, { name })
}
