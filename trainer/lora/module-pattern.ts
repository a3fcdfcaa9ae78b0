/**
 * Regular expressions over module paths, in the part of Python's syntax that PEFT configurations use: literals, `.`,
 * classes, groups, `|`, `*`, `+`, `?`, `{m,n}`, `^`, `$`. They come with other people's adapters, so they are
 * matched by a Thompson automaton (Pike's form), whose time grows with pattern times path and never explodes.
 */
export interface ModulePattern {
  /** Whether the whole path matches, as Python's `re.fullmatch` says. */
  matches(path: string): boolean
}

/** How many instructions may still be looked at, for all patterns and paths that share it. */
export interface StepBudget {
  left: number
}

/** A new budget: some seconds. */
export function stepBudget(): StepBudget {
  return { left: mostSteps }
}

/** A pattern that cannot be read; the message says which part. */
export class PatternError extends Error {}

type Instruction =
  | { readonly kind: 'test'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'either'; readonly offsets: readonly number[] }
  | { readonly kind: 'start' | 'end' }
/** A piece of a program whose offsets are relative, so that pieces can be repeated and joined. */
type Program = readonly Instruction[]

const largestProgram = 20_000
const longestSource = 4_000
const deepestGroup = 100
/** A long program takes all of its instructions for each character. */
const mostSteps = 4_000_000
const special = /[\\^$.|?*+()[\]{}]/
const classes: Readonly<Record<string, RegExp>> = {
  d: /^\d$/,
  D: /^\D$/,
  w: /^[\p{L}\p{N}_]$/u,
  W: /^[^\p{L}\p{N}_]$/u,
  s: /^\s$/,
  S: /^\S$/,
}

/**
 * Reads a pattern.
 *
 * @param budget Shared by patterns that are matched together.
 * @throws PatternError for what is not a regular expression, for lookarounds, back references and flags, and while
 * matching where it takes too long over all paths.
 */
export function modulePattern(source: string, budget: StepBudget = stepBudget()): ModulePattern {
  if (source.length > longestSource) throw new PatternError(`a pattern has ${source.length} characters`)
  const program = new Reader(source).read()
  return {
    matches(path) {
      const characters = [...path]
      let states = follow(program, [0], { start: true, end: characters.length === 0 })
      characters.forEach((character, i) => {
        const next = states.flatMap((at) => {
          const instruction = program[at]
          return instruction?.kind === 'test' && instruction.accepts(character) ? [at + 1] : []
        })
        states = follow(program, next, { start: false, end: i === characters.length - 1 })
        budget.left -= states.length
        if (budget.left < 0) throw new PatternError(`${shownSource(source)} takes too long`)
      })
      return states.includes(program.length)
    },
  }
}

/** Whether a text has characters that no module name has, so that it must be meant as a pattern. */
export function isPattern(text: string): boolean {
  return special.test(text.replaceAll('.', ''))
}

/** All states reached from `starts` without reading a character. */
function follow(
  program: Program,
  starts: readonly number[],
  here: { start: boolean; end: boolean },
): number[] {
  const reached = new Set<number>()
  const waiting = [...starts]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (reached.has(at)) continue
    reached.add(at)
    const instruction = program[at]
    if (instruction?.kind === 'either') for (const offset of instruction.offsets) waiting.push(at + offset)
    else if (instruction && instruction.kind !== 'test' && here[instruction.kind]) waiting.push(at + 1)
  }
  return [...reached]
}

class Reader {
  private readonly characters: readonly string[]
  private readonly source: string
  private at = 0
  private depth = 0

  constructor(source: string) {
    this.source = source
    this.characters = [...source]
  }

  read(): Program {
    const program = this.alternatives()
    if (this.at < this.characters.length) throw this.wrong('a ) too many')
    return program
  }

  private alternatives(): Program {
    let program = this.sequence()
    while (this.take('|')) {
      const other = this.sequence()
      program = bounded([
        { kind: 'either', offsets: [1, program.length + 2] },
        ...program,
        { kind: 'either', offsets: [other.length + 1] },
        ...other,
      ])
    }
    return program
  }

  private sequence(): Program {
    const parts: Instruction[] = []
    while (this.at < this.characters.length && this.peek() !== '|' && this.peek() !== ')') {
      parts.push(...this.repeated(this.atom()))
      bounded(parts)
    }
    return parts
  }

  private atom(): Program {
    const character = this.next()
    switch (character) {
      case '.':
        return [{ kind: 'test', accepts: (c) => c !== '\n' }]
      case '^':
        return [{ kind: 'start' }]
      case '$':
        return [{ kind: 'end' }]
      case '\\':
        return [{ kind: 'test', accepts: this.escaped() }]
      case '[':
        return [{ kind: 'test', accepts: this.set() }]
      case '(':
        return this.group()
      case '*':
      case '+':
      case '?':
        throw this.wrong(`nothing that ${character} could repeat`)
      default:
        return [{ kind: 'test', accepts: (c) => c === character }]
    }
  }

  private group(): Program {
    const rest = this.characters.slice(this.at).join('')
    const opening = /^\?(:|P?<[A-Za-z_]\w*>)/.exec(rest)
    if (opening) this.at += opening[0].length
    else if (rest.startsWith('?')) throw this.wrong('a lookaround or a flag')
    if (++this.depth > deepestGroup) throw this.wrong('groups within groups without an end')
    const inside = this.alternatives()
    this.depth--
    if (!this.take(')')) throw this.wrong('a ( that is not closed')
    return inside
  }

  private escaped(): (character: string) => boolean {
    const character = this.next()
    const known = classes[character]
    if (known) return (c) => known.test(c)
    if (/[A-Za-z0-9]/.test(character)) throw this.wrong(`the escape \\${character}`)
    return (c) => c === character
  }

  private set(): (character: string) => boolean {
    const negated = this.take('^')
    const tests: ((character: string) => boolean)[] = []
    for (let first = true; first || this.peek() !== ']'; first = false) {
      const from = this.next()
      if (from === '\\') {
        tests.push(this.escaped())
        continue
      }
      const to =
        this.peek() === '-' && this.characters[this.at + 1] !== ']' && this.take('-') ? this.next() : from
      if (to === '\\' || to < from) throw this.wrong(`the range ${from}-${to}`)
      tests.push((c) => c >= from && c <= to)
    }
    this.at++
    return (c) => tests.some((test) => test(c)) !== negated
  }

  /** Whether as few or as many as can be are taken does not matter to a match of the whole. */
  private repeated(atom: Program): Program {
    const rest = this.characters.slice(this.at).join('')
    const found = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})/.exec(rest)
    if (!found || found[0] === '{}' || found[0] === '{,}') return atom
    this.at += found[0].length
    if (this.peek() === '?') this.at++
    else if (/^[*+?]/.test(this.peek())) throw this.wrong(`${found[0]}${this.peek()}`)
    const [least, most] = boundsOf(found)
    if (least > most) throw this.wrong(found[0])
    if (atom.length * Math.max(least, Number.isFinite(most) ? most : 0) > largestProgram)
      throw this.wrong(found[0])
    const required = Array.from({ length: least }, () => atom).flat()
    if (most === Infinity)
      return [
        ...required,
        { kind: 'either', offsets: [1, atom.length + 2] },
        ...atom,
        { kind: 'either', offsets: [-atom.length - 1] },
      ]
    const optional = Array.from({ length: most - least }, (): Program => [
      { kind: 'either', offsets: [1, atom.length + 1] },
      ...atom,
    ])
    return [...required, ...optional.flat()]
  }

  private peek(): string {
    return this.characters[this.at] ?? ''
  }

  private next(): string {
    const character = this.characters[this.at++]
    if (character === undefined) throw this.wrong('an end in the middle')
    return character
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false
    this.at++
    return true
  }

  private wrong(fact: string): PatternError {
    return new PatternError(`${shownSource(this.source)} has ${fact}`)
  }
}

function shownSource(source: string): string {
  return source.length > 200 ? `${source.slice(0, 200)}…` : source
}

function boundsOf([sign = '', least = '', comma = '', most = '']: readonly (string | undefined)[]): readonly [
  least: number,
  most: number,
] {
  if (sign === '*') return [0, Infinity]
  if (sign === '+') return [1, Infinity]
  if (sign === '?') return [0, 1]
  const from = Number(least || 0)
  return [from, comma === '' ? from : most === '' ? Infinity : Number(most)]
}

function bounded(program: readonly Instruction[]): Program {
  if (program.length > largestProgram) throw new PatternError('the pattern is too long')
  return program
}
