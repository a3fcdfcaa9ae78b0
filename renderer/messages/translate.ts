import { adapters } from './en/adapters.ts'
import { chat } from './en/chat.ts'
import { common } from './en/common.ts'
import { compare } from './en/compare.ts'
import { data } from './en/data.ts'
import { drafts } from './en/drafts.ts'
import { examples } from './en/examples.ts'
import { exporting } from './en/export.ts'
import { home } from './en/home.ts'
import { importing } from './en/import.ts'
import { marking } from './en/marking.ts'
import { model } from './en/model.ts'
import { problems } from './en/problems.ts'
import { search } from './en/search.ts'
import { splits } from './en/splits.ts'
import { tasks } from './en/tasks.ts'
import { train } from './en/train.ts'
import { plainDirection } from '../text/plain-direction.ts'

/** All that a person reads, by area and name: texts, or functions that make one of their arguments. */
export const catalogue = {
  common,
  home,
  data,
  import: importing,
  model,
  train,
  compare,
  adapters,
  chat,
  export: exporting,
  examples,
  problems,
  splits,
  marking,
  drafts,
  search,
  tasks,
} as const

type Catalogue = typeof catalogue
type Area = keyof Catalogue

/** `area.name` of every message. */
export type MessageKey = { [A in Area]: `${A}.${keyof Catalogue[A] & string}` }[Area]

type Message<K extends MessageKey> = K extends `${infer A}.${infer N}`
  ? A extends Area
    ? N extends keyof Catalogue[A]
      ? Catalogue[A][N]
      : never
    : never
  : never
type ArgumentsOf<K extends MessageKey> = Message<K> extends (...args: infer P) => string ? P : []

/**
 * The text of a message. Names in it cannot turn the direction of the sentence around them.
 *
 * ```ts
 * t('common.cancel')
 * t('data.rowCount', 3)
 * ```
 */
export function t<K extends MessageKey>(key: K, ...args: ArgumentsOf<K>): string {
  const dot = key.indexOf('.')
  const area: Readonly<Record<string, unknown>> = catalogue[key.slice(0, dot) as Area]
  const message = area[key.slice(dot + 1)]
  if (typeof message === 'function')
    return plainDirection((message as (...given: unknown[]) => string)(...args))
  return String(message)
}
