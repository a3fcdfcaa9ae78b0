import type { Block } from './blocks.ts'

/**
 * The outermost heading of the first block, for a document that gives no title of its own, and the blocks from
 * the first on.
 */
export async function firstHeading(
  blocks: AsyncGenerator<Block>,
): Promise<{ heading: string | null; blocks: AsyncGenerator<Block> }> {
  const first = await blocks.next()
  if (first.done) return { heading: null, blocks }
  return { heading: first.value.heading[0] ?? null, blocks: withFirst(first.value, blocks) }
}

async function* withFirst(first: Block, rest: AsyncGenerator<Block>): AsyncGenerator<Block> {
  yield first
  yield* rest
}
