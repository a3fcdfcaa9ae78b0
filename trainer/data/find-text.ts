/** Texts up to here are looked for by the engine: its worst case is the product of both lengths. */
const shortText = 64

/**
 * The places of a text that is not empty in another, overlapping ones too, from left to right, in time proportional to both together (Knuth,
 * Morris and Pratt 1977). The engine's own search takes the product for texts like `aa…ab` in `aa…a`, which is hours for
 * megabytes.
 */
export function* placesOf(text: string, inside: string): Generator<number> {
  if (text === '') return
  if (text.length <= shortText) {
    for (let at = inside.indexOf(text); at !== -1; at = inside.indexOf(text, at + 1)) yield at
    return
  }
  const borders = bordersOf(text)
  let matched = 0
  for (let end = 0; end < inside.length; end++) {
    const unit = inside.charCodeAt(end)
    while (matched > 0 && text.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0
    if (text.charCodeAt(matched) === unit) matched++
    if (matched < text.length) continue
    yield end + 1 - text.length
    matched = borders[matched - 1] ?? 0
  }
}

/** The length of the longest proper prefix of each prefix that also ends it. */
function bordersOf(text: string): Int32Array {
  const borders = new Int32Array(text.length)
  let matched = 0
  for (let end = 1; end < text.length; end++) {
    const unit = text.charCodeAt(end)
    while (matched > 0 && text.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0
    if (text.charCodeAt(matched) === unit) matched++
    borders[end] = matched
  }
  return borders
}

/** The last place of a text that is not empty at or before an offset and the first at or after it; -1 for none. */
export function placesAround(
  text: string,
  inside: string,
  offset: number,
): { readonly before: number; readonly after: number } {
  if (text.length <= shortText)
    return { before: inside.lastIndexOf(text, offset), after: inside.indexOf(text, offset) }
  let before = -1
  for (const at of placesOf(text, inside)) {
    if (at >= offset) return { before: at === offset ? at : before, after: at }
    before = at
  }
  return { before, after: -1 }
}
