import type { Reader } from '../../store/connection.ts'
import { estimateTokens } from '../passages/count-tokens.ts'
import { isReady } from '../project-data.ts'
import { createLikenessIndex } from './likeness-index.ts'
import type { Pace } from './pace.ts'
import { resemblance, shinglesOf } from './shingles.ts'

/** The contexts of a project that questions are asked about. */
export interface LikeContexts {
  /** The same number for contexts that are nearly the same; null for one that was not met. */
  clusterOf(passageId: number): number | null
  /** About how many tokens a context has, for those that have more than were asked about. */
  readonly long: ReadonlyMap<number, number>
}

const perRead = 100
/** Of longer contexts the head alone is compared. */
const compared = 32_768
const leastAlike = 0.9

interface Context {
  readonly id: number
  readonly text: string
  readonly length: number
}

/**
 * Looks at every context once and puts those together that share nine tenths of their stretches of three words.
 *
 * @param most Tokens from which on a context is long; null where nothing says.
 */
export async function findLikeContexts(
  store: Reader,
  projectId: string,
  { most, pace }: { readonly most: number | null; readonly pace: Pace },
): Promise<LikeContexts> {
  const index = createLikenessIndex()
  const ids: number[] = []
  const lengths: number[] = []
  const parents: number[] = []
  const numbers = new Map<number, number>()
  const long = new Map<number, number>()
  const rootOf = (number: number): number => {
    let root = number
    for (let up = parents[root]; up !== undefined && up !== root; up = parents[root]) root = up
    parents[number] = root
    return root
  }

  for (let after = -1; ;) {
    const contexts = await readContexts(store, projectId, after)
    const candidates: { readonly context: Context; readonly number: number; readonly earlier: number }[] = []
    for (const context of contexts) {
      const number = ids.push(context.id) - 1
      lengths.push(context.length)
      parents.push(number)
      numbers.set(context.id, number)
      const tokens = (estimateTokens(context.text) * context.length) / Math.max(1, context.text.length)
      if (most !== null && tokens > most) long.set(context.id, Math.ceil(tokens))
      if (context.text !== '')
        for (const earlier of index.add(shinglesOf(context.text)))
          candidates.push({ context, number, earlier })
      else index.add(new Set([0xffffffff]))
      await pace.rest(ids.length)
    }
    const texts = await readTexts(
      store,
      candidates.flatMap(({ earlier }) => ids[earlier] ?? []),
    )
    for (const { context, number, earlier } of candidates) {
      if (rootOf(number) === rootOf(earlier)) continue
      const text = texts.get(ids[earlier] ?? -1)
      const [shorter = 0, longer = 0] = [context.length, lengths[earlier] ?? 0].sort((a, b) => a - b)
      if (text === undefined || shorter < longer * 0.8) continue
      if (resemblance(shinglesOf(text), shinglesOf(context.text)) >= leastAlike)
        parents[rootOf(number)] = rootOf(earlier)
      await pace.rest(ids.length)
    }
    const last = contexts.at(-1)
    if (!last) break
    after = last.id
  }
  return {
    clusterOf: (passageId) => {
      const number = numbers.get(passageId)
      return number === undefined ? null : rootOf(number)
    },
    long,
  }
}

function readContexts(store: Reader, projectId: string, after: number): Promise<readonly Context[]> {
  return store.all<Context>(
    `SELECT id, substr(text, 1, ${compared}) AS text, length(text) AS length FROM passage
     WHERE project_id = ?1 AND id > ?2
       AND EXISTS (SELECT 1 FROM example e WHERE e.passage_id = passage.id AND e.${isReady})
     ORDER BY id LIMIT ${perRead}`,
    projectId,
    after,
  )
}

async function readTexts(store: Reader, ids: readonly number[]): Promise<Map<number, string>> {
  const rows = await store.all<{ id: number; text: string }>(
    `SELECT id, substr(text, 1, ${compared}) AS text FROM passage WHERE id IN (SELECT value FROM json_each(?))`,
    JSON.stringify([...new Set(ids)]),
  )
  return new Map(rows.map(({ id, text }) => [id, text]))
}
