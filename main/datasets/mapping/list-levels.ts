import { formRoles } from '../../contract/imports.ts'
import type { Mapping, Role, RoleSource } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { parsePath } from './paths.ts'
import type { Step } from './paths.ts'
import { isFault, parseTemplate } from './templates.ts'

/** Roles of which one record can have several values: a list there gives answers, not records. */
const manyValued: ReadonlySet<Role> = new Set(['answer', 'answerStart', 'target'])

/** A list that a mapping walks, one record per entry; inner lists are reached from the entries of outer ones. */
export interface ListLevel {
  /** From the row to the list, for comparison and messages: `paragraphs[].qas[]`. */
  readonly path: string
  /** The steps to the list: of the outermost from the row, of the others from an entry of the list before. */
  readonly steps: readonly Step[]
}

/**
 * The lists that a mapping walks, outermost first; none for most. Answers alone do not make a list walked:
 * `answers[].text` beside a plain question are the answers of one record.
 *
 * @throws AppError `mapping_incomplete` where the paths lead into several lists of which none holds the other.
 */
export function listLevels({ form, roles }: Mapping): readonly ListLevel[] {
  let longest: readonly ListLevel[] = []
  for (const role of formRoles[form]) {
    for (const text of walkingPaths(role, roles[role])) {
      const levels = levelsOf(text)
      const [shorter, longer] = levels.length < longest.length ? [levels, longest] : [longest, levels]
      const apart = shorter.findIndex(({ path }, i) => path !== longer[i]?.path)
      if (apart !== -1)
        throw new AppError(
          'mapping_incomplete',
          `The mapping walks two lists at once, ${shorter[apart]?.path} and ${longer[apart]?.path}, and nothing says which entries belong together. Take the roles from one list, or join the lists to one in the file.`,
          { role, path: text },
        )
      longest = longer
    }
  }
  return longest
}

/** How many of the levels a path passes through. */
export function sharedLevels(text: string, levels: readonly ListLevel[]): number {
  const own = levelsOf(text)
  let shared = 0
  while (shared < own.length && own[shared]?.path === levels[shared]?.path) shared++
  return shared
}

/** The paths of a source whose lists are walked; not those of answers. */
export function walkingPaths(role: Role, source: RoleSource | undefined): readonly string[] {
  return typeof source === 'string' && manyValued.has(role) ? [] : sourcesOf(source)
}

/** The columns and paths that a source names. */
export function sourcesOf(source: RoleSource | undefined): readonly string[] {
  if (source === undefined) return []
  if (typeof source === 'string') return [source]
  if ('constant' in source) return []
  const parts = parseTemplate(source.template)
  return isFault(parts) ? [] : parts.flatMap((part) => ('source' in part ? [part.source] : []))
}

function levelsOf(text: string): ListLevel[] {
  const path = parsePath(text)
  if ('fault' in path) return []
  const levels: ListLevel[] = []
  let from = 0
  let written = ''
  for (const [i, step] of path.steps.entries()) {
    if (step.kind === 'key') written += `${written === '' ? '' : '.'}${step.key}`
    else written += step.kind === 'index' ? `[${step.index}]` : '[]'
    if (step.kind !== 'each') continue
    levels.push({ path: written, steps: path.steps.slice(from, i) })
    from = i + 1
  }
  return levels
}
