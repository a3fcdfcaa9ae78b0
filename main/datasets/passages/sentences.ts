const segmenter = new Intl.Segmenter('und', { granularity: 'sentence' })
// Before these a full stop ends no sentence.
const abbreviation =
  /(?:^|[\s(\[“"‘'„«])(?:\p{L}|e\.g|i\.e|cf|vs|viz|al|approx|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Gen|Col|Capt|Lt|Rev|Hon|No|Nos|Nr|Fig|Figs|Eq|Sec|Ch|Vol|pp?|ed|eds|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec|z\.B|d\.h|u\.a|bzw|ca|vgl|Hr|Fr|Abs|Art|Bd|Str|p\.ej|Sra|Ud|Uds|M|Mme|Mlle)\.\s*$/u

/** A text's own segments are looked for in stretches of this many UTF-16 units. */
const stretch = 100_000

/**
 * The sentences of a text; together they are the text. Found by Unicode's rules (UAX 29, `Intl.Segmenter`), not
 * ended by the usual abbreviations and initials.
 */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = []
  let isOpen = false
  for (let at = 0; at < text.length; at += stretch)
    for (const { segment } of segmenter.segment(text.slice(at, at + stretch))) {
      const before = sentences.at(-1) ?? ''
      // “Really?” she asked: what goes on with a small letter was not at its end.
      const goesOn = isOpen || (/^\p{Ll}/u.test(segment) && !/\n\s*$/.test(before))
      if (goesOn && before !== '') sentences[sentences.length - 1] = before + segment
      else sentences.push(segment)
      // A line break always ends one: lists and verses have their lines.
      isOpen = !/\n\s*$/.test(segment) && abbreviation.test(segment.slice(-16))
    }
  return sentences
}
