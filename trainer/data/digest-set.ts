import { hash } from 'node:crypto'
import { hash128 } from './random.ts'

/** Texts that were met, kept as 96 bits of a hash each: 15 to 30 bytes a text, whatever its length. */
export interface DigestSet {
  readonly size: number
  /** Takes a text in. @returns false where it was in already */
  add(text: string): boolean
  has(text: string): boolean
}

const words = 3
const fullest = 0.8
const shardCount = 64
const firstSlots = 16
const short = 300

interface Shard {
  /** Three words a slot; all of them 0 where it is free. */
  slots: Uint32Array
  used: number
}

/**
 * A set of digests: open addressing over typed arrays, in shards, so that growing copies little at a time. Two of
 * a million texts meet with a chance of 10^-17.
 */
export function createDigestSet(): DigestSet {
  const shards: Shard[] = Array.from({ length: shardCount }, () => ({
    slots: new Uint32Array(firstSlots * words),
    used: 0,
  }))
  let size = 0

  const find = (text: string, adds: boolean): boolean => {
    const [a, b, third, which] = digestOf(text)
    // All zeros mark a free slot.
    const c = (third | 1) >>> 0
    const shard = shards[which % shardCount]
    if (!shard) return false
    const at = slotOf(shard.slots, a, b, c)
    if (shard.slots[at + 2] !== 0) return true
    if (!adds) return false
    put(shard.slots, at, a, b, c)
    shard.used++
    size++
    if (shard.used * words > fullest * shard.slots.length) grow(shard)
    return false
  }
  return {
    get size() {
      return size
    },
    add: (text) => !find(text, true),
    has: (text) => find(text, false),
  }
}

/** Four words of a hash. For short texts a call of the system's own would take longer than they. */
function digestOf(text: string): readonly [number, number, number, number] {
  if (text.length <= short) {
    const [a, b, c, d] = hash128(text)
    return [a >>> 0, b >>> 0, c >>> 0, d >>> 0]
  }
  const digest = hash('sha1', text, 'buffer')
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)]
}

/** Where a digest stands, or the free slot where it belongs. */
function slotOf(slots: Uint32Array, a: number, b: number, c: number): number {
  const count = slots.length / words
  let at = (a % count) * words
  while (slots[at + 2] !== 0 && (slots[at] !== a || slots[at + 1] !== b || slots[at + 2] !== c)) {
    at += words
    if (at === slots.length) at = 0
  }
  return at
}

function put(slots: Uint32Array, at: number, a: number, b: number, c: number): void {
  slots[at] = a
  slots[at + 1] = b
  slots[at + 2] = c
}

function grow(shard: Shard): void {
  const old = shard.slots
  shard.slots = new Uint32Array(old.length * 2)
  for (let i = 0; i < old.length; i += words) {
    const [a = 0, b = 0, c = 0] = [old[i], old[i + 1], old[i + 2]]
    if (c !== 0) put(shard.slots, slotOf(shard.slots, a, b, c), a, b, c)
  }
}
