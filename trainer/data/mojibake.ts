/**
 * Mojibake: UTF-8 that some program read as Windows-1252 or Latin-1, so that `ä` shows as `Ã¤` and `’` as `â€™`.
 * A pair of characters can be meant as it stands (`KÖ“`), so only what hardly occurs otherwise counts as a sign.
 */

/** The characters that Windows-1252 has for the bytes 0x80 to 0x9f; free places are the controls of Latin-1. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'
const byteOf = new Map([...windows1252].map((character, i) => [character.charCodeAt(0), 0x80 + i]))

const follower = `[\\u0080-\\u00bf${windows1252}]`
// Quotes and dashes after a capital letter are usual in good texts.
const rareFollower = '[\\u0080-\\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ•˜™š›œžŸ]'
const two = `[\\u00c2-\\u00df]${follower}`
const three = `[\\u00e0-\\u00ef]${follower}{2}`
const four = `[\\u00f0-\\u00f4]${follower}{3}`
const sequence = `(?:${four}|${three}|${two})`

const sign = new RegExp(
  `Ã${rareFollower}|Â[\\u00a0-\\u00bf]|â[€\\u0080]${follower}|ð[Ÿ\\u009f]${follower}{2}|${sequence}${sequence}${sequence}`,
)
const sequences = new RegExp(`${sequence}+`, 'g')
const mostPasses = 3

/** Whether a text shows signs of UTF-8 that was read as Windows-1252 or Latin-1. */
export function hasMojibake(text: string): boolean {
  return sign.test(text)
}

/**
 * Writes a text right where what stands there is exactly what UTF-8 becomes in Windows-1252 or Latin-1; up to three
 * times, as such texts are damaged again on their way. Null where it shows no signs, or nothing can be mended.
 *
 * @example repairMojibake('schÃ¶n â€” cafÃ©') // 'schön — café'
 */
export function repairMojibake(text: string): string | null {
  let repaired = text
  for (let pass = 0; pass < mostPasses && hasMojibake(repaired); pass++) {
    const next = repaired.replace(sequences, (run) => decoded(run) ?? run)
    if (oddities(next) >= oddities(repaired)) break
    repaired = next
  }
  return repaired === text ? null : repaired
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Null where the bytes are no UTF-8, or stand for controls, which no one wrote. */
function decoded(run: string): string | null {
  const bytes = new Uint8Array(run.length)
  for (let i = 0; i < run.length; i++) {
    const unit = run.charCodeAt(i)
    bytes[i] = byteOf.get(unit) ?? unit
  }
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

function oddities(text: string): number {
  let count = 0
  for (const [run] of text.matchAll(sequences)) count += run.length
  return count
}
