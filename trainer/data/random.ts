/** A source of numbers, evenly spread over [0, 1). */
export type Random = () => number

type Key = number | string

/** The first draws of sfc32 still show the seed. */
const unusedDraws = 12

/**
 * A generator that is a function of its keys alone (for instance seed, epoch, purpose), so that a resumed run
 * draws what an uninterrupted one would have drawn. sfc32 (Chris Doty-Humphrey, PractRand) seeded by a 128-bit
 * hash of the keys; 32-bit integer arithmetic only, hence the same numbers on every platform.
 *
 * @example const random = seededRandom(settings.seed, 'shuffle', epoch)
 */
export function seededRandom(...keys: readonly Key[]): Random {
  let [a, b, c, counter] = hash128(joinKeys(keys))
  const next = () => {
    const mixed = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + mixed
    return mixed >>> 0
  }
  for (let i = 0; i < unusedDraws; i++) next()
  return () => next() / 4294967296
}

/**
 * An array that holds 0 where a draw of `seededRandom(...keys)` is below `rate`, else `kept`; the same values as calling
 * it once for each, many times as fast.
 */
export function seededMask(
  keys: readonly Key[],
  { length, rate, kept }: { readonly length: number; readonly rate: number; readonly kept: number },
): Float32Array {
  let [a, b, c, counter] = hash128(joinKeys(keys))
  const mask = new Float32Array(length)
  const bound = rate * 4294967296
  for (let i = -unusedDraws; i < length; i++) {
    const mixed = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + mixed
    if (i >= 0 && mixed >>> 0 >= bound) mask[i] = kept
  }
  return mask
}

/** An unsigned 32-bit hash of the keys. */
export function hashSeed(...keys: readonly Key[]): number {
  return hash128(joinKeys(keys))[0] >>> 0
}

/** A 64-bit hash of a text as 16 hexadecimal digits: for telling texts apart, not for security. */
export function hashText(text: string): string {
  const [a, b] = hash128(text)
  return hex(a) + hex(b)
}

/** The items in a random order (Fisher and Yates); the given array stays as it is. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = items.slice()
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const picked = result[j] as T
    result[j] = result[i] as T
    result[i] = picked
  }
  return result
}

// The type tag and the separator keep (1, 2), (12) and ('12') apart.
function joinKeys(keys: readonly Key[]): string {
  return keys.map((key) => `${typeof key === 'number' ? 'n' : 's'}${key}`).join('\u0000')
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}

/** cyrb128 (bryc, public domain): four MurmurHash3-like lanes over the UTF-16 units. */
export function hash128(text: string): [number, number, number, number] {
  let h1 = 1779033703
  let h2 = 3144134277
  let h3 = 1013904242
  let h4 = 2773480762
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    h1 = h2 ^ Math.imul(h1 ^ unit, 597399067)
    h2 = h3 ^ Math.imul(h2 ^ unit, 2869860233)
    h3 = h4 ^ Math.imul(h3 ^ unit, 951274213)
    h4 = h1 ^ Math.imul(h4 ^ unit, 2716044179)
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067)
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233)
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213)
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179)
  const all = h1 ^ h2 ^ h3 ^ h4
  return [all, h2 ^ all, h3 ^ all, h4 ^ all]
}
