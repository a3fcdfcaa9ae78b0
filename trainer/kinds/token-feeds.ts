import type { PackedTokens } from '../data/pack-pairs.ts'
import type { FeedBatch } from './kind.ts'

/** The feeds of tokens without padding: `<name>Ids` `[tokens]` and those of `placedTokens`. */
export function tokenFeeds(name: string, packed: PackedTokens): FeedBatch['feeds'] {
  const { ids, tokenAt, places, rows, length, tokens } = packed
  return {
    [`${name}Ids`]: { dtype: 'int64', data: ids, shape: [tokens] },
    [`${name}At`]: { dtype: 'int64', data: tokenAt, shape: [rows, length] },
    [`${name}Places`]: { dtype: 'int64', data: places, shape: [tokens] },
  }
}
