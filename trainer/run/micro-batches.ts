import type { TrainingItem } from '../data/training-examples.ts'
import type { LargestBatch } from '../kinds/kind.ts'
import type { ModelConfig } from '../models/architecture.ts'
import type { Settings } from '../settings.ts'

/**
 * What a step's largest values should not exceed, so that they stay near the processor: the inner values of a
 * feed-forward layer, and the tokens where layers are narrow. Measured on two quiet cores with 32 MB of cache: parts of
 * 1,500 to 2,200 tokens were the fastest for Flan-T5-small and BERT-base, by 7 to 8 % against parts of twice the size and
 * by 1 to 6 % against half of it.
 */
const cachedValues = 6e6
const mostTokens = 2304
/** With fewer rows, reading the weights costs more than they save. */
const fewestTokens = 512

/** The most tokens that go through the graph at a time; null for all of a batch. */
export function microBatchTokens(
  { feedForwardWidth }: Pick<ModelConfig, 'feedForwardWidth'>,
  { microBatchTokens, provider }: Pick<Settings, 'microBatchTokens' | 'provider'>,
): number | null {
  if (microBatchTokens !== null) return microBatchTokens
  if (provider !== 'cpu') return null
  return Math.max(fewestTokens, Math.min(mostTokens, Math.floor(cachedValues / feedForwardWidth)))
}

type Sized = Pick<TrainingItem, 'sourceIds' | 'targetIds'>

const tokensOf = ({ sourceIds, targetIds }: Sized) => sourceIds.length + targetIds.length

/**
 * Divides a batch into parts of about equally many tokens, the longest items first and like lengths together. The
 * gradients of the parts add up to the batch's, so that without dropout nothing of a run depends on it but rounding
 * (with it, each part draws masks of its own): what a part computes stays in the processor's caches, and the most memory
 * is that of the largest part. An item is never divided.
 *
 * @param tokens The most that a part holds, but for one item more; null leaves the batch whole.
 */
export function microBatches<Item extends Sized>(
  items: readonly Item[],
  tokens: number | null,
): readonly (readonly Item[])[] {
  const total = items.reduce((sum, item) => sum + tokensOf(item), 0)
  const count = tokens === null ? 1 : Math.ceil(total / tokens)
  if (count <= 1) return [items]
  const sorted = items.toSorted((a, b) => tokensOf(b) - tokensOf(a))
  const parts: Item[][] = []
  let left = total
  for (let rest = sorted; rest.length > 0;) {
    const part = firstPart(rest, left / Math.max(1, count - parts.length))
    parts.push(part)
    left -= part.reduce((sum, item) => sum + tokensOf(item), 0)
    rest = rest.slice(part.length)
  }
  return parts
}

/** The first items, at least one, that together come nearest to a number of tokens. */
function firstPart<Item extends Sized>(items: readonly Item[], tokens: number): Item[] {
  let sum = 0
  // An item belongs to it where the better half of it does.
  const end = items.findIndex((item) => {
    sum += tokensOf(item)
    return sum - tokensOf(item) / 2 > tokens
  })
  return end === -1 ? [...items] : items.slice(0, Math.max(1, end))
}

/** The longest source and target among items, and how many items there are. */
export function sizesOfItems(items: readonly Sized[]): Required<LargestBatch> {
  let source = 0
  let target = 0
  let together = 0
  for (const item of items) {
    source = Math.max(source, item.sourceIds.length)
    target = Math.max(target, item.targetIds.length)
    together = Math.max(together, tokensOf(item))
  }
  return { batch: items.length, source, target, together }
}
