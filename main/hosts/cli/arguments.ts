import { parseArgs } from 'node:util'
import { nearestName } from '../../app.ts'
import { Failure } from './failure.ts'

/** One option of a command: `--name`, or `--name VALUE` where `value` names what stands there. */
export interface OptionSpec {
  readonly value: string | null
  readonly summary: string
  /** May be given more than once. */
  readonly multiple?: boolean
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** The options that a person gave, checked against the command's. */
export interface Arguments {
  has(name: string): boolean
  /** The option's value, or null where it was not given. */
  get(name: string): string | null
  /** @throws Failure `usage` where the option was not given. */
  require(name: string): string
  all(name: string): readonly string[]
  /** The words that stand without an option, in their order. */
  readonly words: readonly string[]
}

/**
 * Reads what stands after a command's name: options, and at most `maxWords` words without one. `--set a=1 b=2` is
 * the same as `--set a=1 --set b=2`.
 *
 * @throws Failure `usage`, with the nearest known option for an unknown one.
 */
export function readArguments(
  command: string,
  argv: readonly string[],
  specs: OptionSpecs,
  maxWords = 0,
): Arguments {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [
        name,
        { type: spec.value === null ? 'boolean' : 'string' } as const,
      ]),
    ),
    strict: false,
    tokens: true,
  })
  const fail = (message: string): never => {
    throw new Failure('usage', `${message} See loracle ${command} --help.`, { command })
  }
  const given = new Map<string, string[]>()
  const words: string[] = []
  let last = ''
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      if (specs[last]?.multiple && /^\w+=/.test(token.value)) given.get(last)?.push(token.value)
      else if (words.length < maxWords) words.push(token.value)
      else if (maxWords > 0) fail(`${command} does not take ${JSON.stringify(token.value)} as well.`)
      else fail(`${command} does not take ${JSON.stringify(token.value)}: every value follows its option.`)
      continue
    }
    const { name, value } = token
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
    if (!spec) return fail(`${command} has no option ${token.rawName}.${hint(name, specs)}`)
    if (spec.value === null && value !== undefined) fail(`--${name} takes no value.`)
    if (spec.value !== null && (value === undefined || (value.startsWith('-') && !token.inlineValue)))
      fail(
        `--${name} needs a value: --${name} ${spec.value}, or --${name}=${spec.value} where it begins with a dash.`,
      )
    if (given.has(name) && !spec.multiple && spec.value !== null) fail(`--${name} was given twice.`)
    given.set(name, [...(given.get(name) ?? []), value ?? ''])
    last = name
  }
  return {
    has: (name) => given.has(name),
    get: (name) => given.get(name)?.[0] ?? null,
    require: (name) =>
      given.get(name)?.[0] ?? fail(`${command} needs --${name} ${specs[name]?.value ?? ''}.`),
    all: (name) => given.get(name) ?? [],
    words,
  }
}

function hint(name: string, specs: OptionSpecs): string {
  const known = nearestName(name, Object.keys(specs))
  return known ? ` Did you mean --${known}?` : ''
}
