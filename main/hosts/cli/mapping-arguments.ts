import { readFile, stat } from 'node:fs/promises'
import { nearestName } from '../../app.ts'
import { forms, roles } from '../../contract/imports.ts'
import type { Form, Mapping, Role, RoleSource } from '../../contract/imports.ts'
import { freeTaskKinds, readTaskKind } from '../../contract/tasks.ts'
import type { TaskKind } from '../../contract/tasks.ts'
import type { Arguments, OptionSpecs } from './arguments.ts'
import { Failure } from './failure.ts'

/** What a person said about the roles of columns. */
export interface GivenMapping {
  readonly form: Form | null
  /** The kind of task that rows become. */
  readonly task: TaskKind | null
  /** Of --map: each wins over what else there is. */
  readonly roles: Mapping['roles']
  /** Of --map-file: a whole mapping, or roles whose form is not said. */
  readonly file: { readonly form: Form | null; readonly roles: Mapping['roles'] } | null
  /** The name of a saved mapping. */
  readonly saved: string | null
  readonly table: string | null
}

export const mappingOptions = {
  map: {
    value: 'role=SOURCE',
    summary: `Where a role is taken from, where the guess is wrong: a column, a path (meta.title, qas[].question), a template ("{focus}: {qtype}") or a constant ('"Summarize."'). Roles: ${roles.join(', ')}.`,
    multiple: true,
  },
  'map-file': {
    value: 'FILE.json',
    summary: 'A mapping as JSON: { "form", "roles", "table" }, or roles alone.',
  },
  mapping: { value: 'NAME', summary: 'A mapping that was saved under this name.' },
  form: {
    value: 'FORM',
    summary:
      'What rows become: qa (answers are spans of a context), task (instruction, input, target), passages.',
  },
  task: {
    value: 'KIND',
    summary: `The kind of task that rows become, with its instruction and template: ${freeTaskKinds.join(', ')}.`,
  },
  table: {
    value: 'TABLE',
    summary: 'The sheet of a workbook, or list of a JSON file, to take; the first without it.',
  },
} satisfies OptionSpecs

/**
 * The mapping that the options ask for.
 *
 * @throws Failure `usage`, also for a wrong --map-file, with the place in it; `file_missing`.
 */
export async function readMappingArguments(command: string, args: Arguments): Promise<GivenMapping> {
  const path = args.get('map-file')
  if (path !== null && args.has('mapping'))
    throw usage(command, '--map-file and --mapping are two mappings: give one of them.')
  const file = path === null ? null : await readMappingFile(path)
  const task = taskOf(command, args.get('task'))
  const form = formOf(command, args.get('form'))
  if (task !== null && form !== null && form !== 'task')
    throw usage(command, `--task is for the form task, not ${form}.`)
  return {
    form: task === null ? form : 'task',
    task,
    roles: Object.fromEntries(args.all('map').map((one) => assignment(command, one))),
    file,
    saved: args.get('mapping'),
    table: args.get('table') ?? file?.table ?? null,
  }
}

/** Whether nothing was said: files are taken as they are guessed. */
export function isNothingGiven({ form, roles: given, file, saved }: GivenMapping): boolean {
  // A kind of task says the form.
  return form === null && file === null && saved === null && Object.keys(given).length === 0
}

function formOf(command: string, given: string | null): Form | null {
  if (given === null) return null
  const form = forms.find((one) => one === given)
  if (form) return form
  throw usage(command, `--form takes ${forms.join(', ')}, not ${given}.`)
}

function taskOf(command: string, given: string | null): TaskKind | null {
  if (given === null) return null
  const kind = readTaskKind(given)
  if (kind) return kind
  const near = nearestName(given, freeTaskKinds)
  throw usage(
    command,
    `There is no kind of task ${given}.${near ? ` Did you mean ${near}?` : ''} The kinds are ${freeTaskKinds.join(', ')}; questions about a passage are --form qa.`,
  )
}

function assignment(command: string, given: string): [Role, RoleSource] {
  const at = given.indexOf('=')
  const [name, source] = [given.slice(0, Math.max(at, 0)), given.slice(at + 1)]
  if (at < 0 || source === '')
    throw usage(command, `--map takes role=SOURCE, for example question=Frage, not ${given}.`)
  const role = roleNamed(name)
  if (role) return [role, sourceOf(source)]
  const near = nearestName(name, roles)
  throw usage(
    command,
    `There is no role ${name}.${near ? ` Did you mean ${near}?` : ''} The roles are ${roles.join(', ')}.`,
  )
}

/** `answer_start` and `answer-start` are `answerStart`. */
function roleNamed(name: string): Role | undefined {
  const folded = name.replace(/[_-]([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return roles.find((one) => one === folded)
}

/** A constant in double quotes, a template where it holds a brace, else a column or path. */
function sourceOf(text: string): RoleSource {
  if (text.length >= 2 && text.startsWith('"') && text.endsWith('"')) return { constant: text.slice(1, -1) }
  return text.includes('{') ? { template: text } : text
}

type MappingFile = NonNullable<GivenMapping['file']> & { readonly table: string | null }

const largestFile = 1_000_000

async function readMappingFile(path: string): Promise<MappingFile> {
  const missing = () =>
    new Failure('file_missing', `The mapping file ${path} does not exist, or cannot be read.`, { path })
  const info = await stat(path).catch(() => null)
  if (!info?.isFile()) throw missing()
  const wrong = (place: string, what: string): never => {
    throw new Failure('file_invalid', `${path} is no mapping: ${place} ${what}. See loracle import --help.`, {
      path,
      place,
    })
  }
  if (info.size > largestFile) return wrong('it', 'is larger than 1 MB')
  const text = await readFile(path, 'utf8').catch(() => {
    throw missing()
  })
  let content: unknown
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (thrown) {
    return wrong('it', `is not JSON (${thrown instanceof Error ? thrown.message : String(thrown)})`)
  }
  if (!isObject(content)) return wrong('it', 'is not an object')
  const isWhole = 'roles' in content
  const { form = null, roles: given, table = null } = isWhole ? content : { roles: content }
  const unknown = isWhole && Object.keys(content).find((key) => !['form', 'roles', 'table'].includes(key))
  if (unknown) return wrong(unknown, 'is none of form, roles and table')
  const known = forms.find((one) => one === form)
  if (form !== null && !known) return wrong('form', `is none of ${forms.join(', ')}`)
  if (table !== null && typeof table !== 'string') return wrong('table', 'is not a text')
  if (!isObject(given)) return wrong('roles', 'is not an object')
  const prefix = isWhole ? 'roles.' : ''
  const entries = Object.entries(given).map(([name, source]): [Role, RoleSource] => {
    const role = roleNamed(name)
    if (!role) return wrong(`${prefix}${name}`, `is no role (${roles.join(', ')})`)
    if (isRoleSource(source)) return [role, source]
    return wrong(`${prefix}${name}`, 'is neither a column, nor { "template": … }, nor { "constant": … }')
  })
  return { form: known ?? null, roles: Object.fromEntries(entries), table }
}

function isRoleSource(source: unknown): source is RoleSource {
  if (typeof source === 'string') return source !== ''
  if (!isObject(source)) return false
  const [key, ...more] = Object.keys(source)
  return more.length === 0 && (key === 'template' || key === 'constant') && typeof source[key] === 'string'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function usage(command: string, message: string): Failure {
  return new Failure('usage', `${message} See loracle ${command} --help.`)
}
