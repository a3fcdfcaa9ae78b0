import { z } from 'zod'
import { argumentChecks } from '../../../main/contract/arguments.ts'
import type { MethodName } from '../../../main/contract/methods.ts'
import type { Random } from '../mutate.ts'
import {
  hostileAddress,
  hostileNumber,
  hostilePath,
  hostileText,
  hostileValue,
  pick,
} from './hostile-values.ts'

export const methods = Object.keys(argumentChecks) as MethodName[]

/** The parts of a JSON schema that the contract's checks come down to. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly propertyNames?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
}

const schemas = new Map<MethodName, Schema>(
  methods.map((method) => [method, z.toJSONSchema(argumentChecks[method], { io: 'input' }) as Schema]),
)

/** What exists in the app, so that a call gets past the question whether there is such a thing. */
export interface Known {
  /** By the argument's name: `projectId`, `runId`, `modelId`, … */
  readonly ids: Readonly<Record<string, readonly string[]>>
  /** A folder to read from and write to. */
  readonly folder: string
  /** Files that readers take. */
  readonly files: readonly string[]
}

/** Arguments for a method: mostly of the right form, with one part in some that is not, or is as large as it may be. */
export function argumentsFor(method: MethodName, random: Random, known: Known): unknown {
  const schema = schemas.get(method) ?? {}
  if (random(40) === 0) return hostileValue(random)
  const made = valueOf(schema, { name: '', random, known, wildness: pick([0, 0, 2, 6, 12], random) })
  if (random(25) !== 0 || typeof made !== 'object' || made === null) return made
  return { ...made, [pick(['__proto__', 'constructor', 'more'], random)]: hostileValue(random) }
}

interface Making {
  /** Of the property that is made. */
  readonly name: string
  readonly random: Random
  readonly known: Known
  /** Of a hundred values, how many are of no form at all. */
  readonly wildness: number
}

function valueOf(schema: Schema, making: Making): unknown {
  const { random, wildness } = making
  if (random(100) < wildness) return hostileValue(random)
  if (schema.anyOf) return valueOf(pick(schema.anyOf, random), making)
  if (schema.enum) return pick(schema.enum, random)
  if (schema.const !== undefined) return schema.const
  switch (schema.type) {
    case 'object':
      return objectOf(schema, making)
    case 'array':
      return Array.from({ length: pick([0, 1, 2, 5, 30], random) }, () => valueOf(schema.items ?? {}, making))
    case 'string':
      return textOf(schema, making)
    case 'integer':
    case 'number':
      return random(3) === 0 ? hostileNumber(random) : inRange(schema, random)
    case 'boolean':
      return random(2) === 0
    case 'null':
      return null
    default:
      return hostileValue(random)
  }
}

function objectOf(schema: Schema, making: Making): object {
  const { random, known } = making
  const entries: [string, unknown][] = []
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    if ((schema.required?.includes(name) ?? false) || random(2) === 0)
      entries.push([name, valueOf(property, { ...making, name })])
  if (typeof schema.additionalProperties === 'object' && schema.propertyNames)
    for (let more = random(4); more > 0; more--)
      entries.push([
        random(2) === 0 ? pick(known.ids['setting'] ?? ['a'], random) : hostileText(random).slice(0, 120),
        random(2) === 0 ? hostileNumber(random) : hostileValue(random),
      ])
  return Object.fromEntries(entries) as object
}

function textOf(schema: Schema, { name, random, known }: Making): string {
  if (name === 'path' || name === 'folder')
    return random(4) === 0 ? pick([known.folder, ...known.files], random) : hostilePath(random, known.folder)
  if (name === 'url') return hostileAddress(random)
  const ids = known.ids[name]
  if (ids && random(4) !== 0) return pick(ids, random)
  if (random(20) === 0 && schema.maxLength !== undefined) return 'x'.repeat(schema.maxLength + random(2))
  return hostileText(random)
}

function inRange({ minimum = 0, maximum = 100 }: Schema, random: Random): number {
  const [from, to] = [Math.max(minimum, -1000), Math.min(maximum, 1000)]
  return random(4) === 0
    ? pick([minimum, maximum], random)
    : from + random(Math.max(1, Math.floor(to - from)))
}
