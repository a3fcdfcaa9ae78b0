import type { Span } from './sentences-around.ts'

export type CandidateKind =
  | 'date'
  | 'money'
  | 'percent'
  | 'quantity'
  | 'acronym'
  | 'definition'
  | 'called'
  | 'quoted'
  | 'name'
  | 'number'
  | 'entry'
  | 'phrase'

export interface CandidateRule {
  readonly kind: CandidateKind
  /** 0 to 1: how likely what it finds is to be asked for. */
  readonly score: number
  /** Stretches of one sentence, in UTF-16 units. Every pattern's repetitions are bounded. */
  find(sentence: string): readonly Span[]
}

const months =
  '(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan\\.|Feb\\.|Aug\\.|Sept?\\.|Oct\\.|Nov\\.|Dec\\.)'
const figure = '\\d{1,3}(?:[,.  ]\\d{3}){0,5}(?:[.,]\\d{1,6})?|\\d{1,12}(?:[.,]\\d{1,6})?'
const scale = '(?:hundred|thousand|million|billion|trillion|Millionen|Milliarden|millones|millions)'
const numberWords =
  '(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|dozen)'
const units =
  '(?:°\\s?[CF]|km²|km|kilomet(?:re|er)s?|metres?|meters?|cm|mm|miles?|feet|foot|inch(?:es)?|yards?|kg|kilograms?|grams?|mg|µg|tons?|tonnes?|pounds|ounces?|lit(?:re|er)s?|ml|gallons?|hectares?|acres?|square (?:miles?|kilomet(?:re|er)s?|met(?:re|er)s?|feet)|km/h|mph|volts?|watts?|kW|MW|kWh|MHz|GHz|Hz|bits?|bytes?|KB|MB|GB|TB|degrees?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centuries|times|people|inhabitants|members?|students?|percent(?:age)? points?|points?|euros?|dollars?)'

/** All matches of a global pattern; of a match with a named group, that group. */
function matches(pattern: RegExp): CandidateRule['find'] {
  const indexed = new RegExp(pattern.source, `${pattern.flags}d`)
  return (sentence) =>
    [...sentence.matchAll(indexed)].map((found) => {
      const inner = Object.values(found.indices?.groups ?? {}).find((group) => group !== undefined)
      const [start, end] = inner ?? [found.index, found.index + found[0].length]
      return { start, end }
    })
}

// Where a phrase ends: before these words, or at punctuation.
const stops =
  'and|or|but|nor|which|who|whom|whose|that|because|since|when|where|while|although|if|as|than|then|so|is|are|was|were|be|been|being|has|have|had|can|could|may|might|must|shall|should|will|would|does|do|did|not|to|in|on|at|by|for|from|with|without|into|onto|of|over|under|after|before|during|between|among|through|against|about|until|via|within|near|it|he|she|they|we|you|I|this|these|those'
const word = "[\\p{L}\\p{N}][\\p{L}\\p{N}'’.&/-]{0,40}"
const plainWord = `(?!(?:${stops})(?![\\p{L}\\p{N}]))${word}(?<![.])`
const phrase = (most: number) => `${plainWord}(?:\\s${plainWord}){0,${most - 1}}`
const determiner =
  '(?:the|a|an|its|their|his|her|our|your|this|these|each|every|both|several|many|most|some|all)'

const capital = "\\p{Lu}[\\p{L}\\p{M}\\p{N}'’.&-]{0,40}"
const joiner = '(?:of|of the|the|de|de la|del|da|di|du|la|le|van|van der|von|von der|and|&|bin|al|y|für|et)'
const capitalised = new RegExp(`${capital}(?:\\s(?:${joiner}\\s)?${capital}){0,6}`, 'gu')
// Words that are capitalised for where they stand.
const startWords = new Set(
  'A An The This That These Those There Here It He She They We You I In On At By For From With As If When While Where Who What Which Why How And But Or Nor So Yet Because Since After Before During Although Though However Therefore Thus Also Then Both Each Every Some Many Most All No Not One Two Three His Her Its Their Our My Your Such Other Another More Less Under Over Between Among Through Until Unlike Like Please Do Does Did Can May Will Should Would Der Die Das Ein Eine El La Los Las Un Una Le Les'.split(
    ' ',
  ),
)
const monthName = new RegExp(`^${months}$`)

/** Runs of capitalised words; of one at the sentence's start nothing that may be capitalised for that alone. */
function names(sentence: string): readonly Span[] {
  const letters = sentence.replace(/[^\p{L}]/gu, '')
  // A heading in capitals has no names to tell from other words.
  if (letters.length > 0 && letters.replace(/[^\p{Lu}]/gu, '').length > 0.6 * letters.length) return []
  return [...sentence.matchAll(capitalised)].flatMap((found) => {
    let text = found[0].replace(/['’]s$/u, '').replace(/[.’'-]+$/u, '')
    let start = found.index
    const isFirst = /^[\s"“'‘([*•-]*$/u.test(sentence.slice(0, start))
    const [first = ''] = text.split(/\s/)
    if (startWords.has(first)) {
      const rest = text.slice(first.length).trimStart()
      start += text.length - rest.length
      text = rest
    } else if (isFirst && !/\s/.test(text)) return []
    if (text.length < 2 || !/^\p{Lu}/u.test(text) || monthName.test(text)) return []
    return [{ start, end: start + text.length }]
  })
}

/** A long form before its acronym in brackets, by the acronym's letters; and the acronym. */
function acronyms(sentence: string): readonly Span[] {
  return [...sentence.matchAll(/\(([\p{Lu}][\p{Lu}\p{N}-]{1,9})s?\)/gu)].flatMap((found) => {
    const [, acronym = ''] = found
    const short = { start: found.index + 1, end: found.index + 1 + acronym.length }
    const before = [...sentence.slice(0, found.index).matchAll(/[\p{L}\p{N}]+/gu)]
    const letters = acronym.replace(/[^\p{Lu}]/gu, '')
    for (const count of [letters.length, letters.length + 1, letters.length - 1, letters.length + 2]) {
      const first = before.at(-count)
      if (count < 2 || !first || first[0].charAt(0).toUpperCase() !== letters.charAt(0)) continue
      return [{ start: first.index, end: found.index }, short]
    }
    return [short]
  })
}

/** In order of preference: of two that overlap, the one with the better score is taken. */
export const candidateRules: readonly CandidateRule[] = [
  {
    kind: 'date',
    score: 0.95,
    find: matches(
      new RegExp(
        [
          `(?:\\d{1,2}(?:st|nd|rd|th)?\\s(?:of\\s)?)?${months}(?:\\s\\d{1,2}(?:st|nd|rd|th)?(?!\\d))?(?:,?\\s\\d{4}(?!\\d))`,
          `\\d{1,2}(?:st|nd|rd|th)?\\s(?:of\\s)?${months}`,
          `${months}\\s\\d{1,2}(?:st|nd|rd|th)?(?![\\d.])`,
          '(?<![\\d.,/])\\d{1,2}[./]\\d{1,2}[./]\\d{2,4}(?!\\d)|(?<!\\d)\\d{4}-\\d{2}-\\d{2}(?!\\d)',
          '(?<![\\d.,$€£-])(?:1[0-9]|20)\\d{2}s(?!\\p{L})',
          '(?:early|mid|late)?(?:\\s|-)?\\d{1,2}(?:st|nd|rd|th)\\s(?:century|centuries)',
          '(?<![\\d.,$€£:/–-])(?:1[0-9]|20)\\d{2}(?![\\d,.]\\d|\\d|\\p{L}|\\s?(?:%|percent|per cent))',
        ].join('|'),
        'gu',
      ),
    ),
  },
  {
    kind: 'money',
    score: 0.95,
    find: matches(
      new RegExp(
        `(?:US|A|C|NZ)?[$€£¥]\\s?(?:${figure})(?:\\s${scale})?|(?<![\\d.,])(?:${figure})(?:\\s${scale})?\\s(?:dollars|euros?|pounds sterling|cents|yen|EUR|USD|GBP|CHF|€)(?!\\p{L})`,
        'gu',
      ),
    ),
  },
  {
    kind: 'percent',
    score: 0.95,
    find: matches(
      new RegExp(`(?<![\\d.,])(?:${figure})\\s?(?:%|per\\scent|percent|Prozent)(?!\\p{L})`, 'gu'),
    ),
  },
  {
    kind: 'quantity',
    score: 0.9,
    find: matches(
      new RegExp(
        `(?<![\\d.,\\p{L}])(?:(?:${figure})|${numberWords})(?:[\\s-](?:to|and|or)[\\s-](?:${figure}|${numberWords}))?(?:\\s${scale})?[\\s-]?(?:square\\s)?${units}(?!\\p{L})`,
        'gu',
      ),
    ),
  },
  { kind: 'acronym', score: 0.85, find: acronyms },
  {
    kind: 'definition',
    score: 0.85,
    find: (sentence) => [
      ...matches(
        new RegExp(
          `^(?:(?:the|a|an)\\s)?(?<a>${phrase(5)})\\s(?:is|are|was|were)\\s(?:the|a|an|one of the)\\s`,
          'giu',
        ),
      )(sentence),
      ...matches(
        new RegExp(`(?:means|refers to|stands for|is defined as|consists of)\\s(?<a>[^,;:.()]{3,90})`, 'giu'),
      )(sentence),
    ],
  },
  {
    kind: 'called',
    score: 0.85,
    find: matches(
      new RegExp(
        `\\b(?:called|named|known as|termed|nicknamed|titled|entitled|referred to as)\\s(?:the\\s|a\\s|an\\s)?["“'‘]?(?<a>${phrase(5)})`,
        'giu',
      ),
    ),
  },
  {
    kind: 'quoted',
    score: 0.8,
    find: matches(
      /["“„](?<a>[^"“”„]{2,80})["”“]|«\s?(?<b>[^«»]{2,80})»|(?<!\p{L})‘(?<c>[^‘’]{2,60})’(?!\p{L})/gu,
    ),
  },
  { kind: 'name', score: 0.75, find: names },
  {
    kind: 'number',
    score: 0.65,
    find: matches(
      new RegExp(`(?<![\\d.,\\p{L}/:–-])(?:${figure})(?:\\s${scale})?(?![\\d\\p{L}/:]|[.,]\\d)`, 'gu'),
    ),
  },
  {
    kind: 'entry',
    score: 0.5,
    find: matches(/^\s*(?:[-*•‣–]|\d{1,2}[.)]|[a-z]\))\s+(?<a>[^.;:!?]{3,100})[.;]?\s*$/gu),
  },
  {
    kind: 'phrase',
    score: 0.4,
    find: matches(
      new RegExp(
        `\\b(?:of|in|on|at|by|for|from|with|into|to|through|against|under|over|as|is|are|was|were)\\s${determiner}\\s(?<a>${phrase(4)})`,
        'giu',
      ),
    ),
  },
]
