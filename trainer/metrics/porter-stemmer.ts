/** A suffix with what replaces it, and when: `stem` is the word without the suffix, `word` the whole. */
type Rule = readonly [
  suffix: string,
  replacement: string,
  condition?: (stem: string, word: string) => boolean,
]

/** Irregular forms that NLTK added. */
const irregular: Readonly<Record<string, string>> = {
  skies: 'sky',
  sky: 'sky',
  dying: 'die',
  lying: 'lie',
  tying: 'tie',
  news: 'news',
  innings: 'inning',
  inning: 'inning',
  outings: 'outing',
  outing: 'outing',
  cannings: 'canning',
  canning: 'canning',
  howe: 'howe',
  proceed: 'proceed',
  exceed: 'exceed',
  succeed: 'succeed',
}

const positive = (stem: string): boolean => measure(stem) > 0
const beyondOne = (stem: string): boolean => measure(stem) > 1

const pluralRules: readonly Rule[] = [
  ['sses', 'ss'],
  ['ies', 'i'],
  ['ss', 'ss'],
  ['s', ''],
]

const doubleSuffixes: readonly Rule[] = [
  ['ational', 'ate', positive],
  ['tional', 'tion', positive],
  ['enci', 'ence', positive],
  ['anci', 'ance', positive],
  ['izer', 'ize', positive],
  ['bli', 'ble', positive],
  ['alli', 'al', positive],
  ['entli', 'ent', positive],
  ['eli', 'e', positive],
  ['ousli', 'ous', positive],
  ['ization', 'ize', positive],
  ['ation', 'ate', positive],
  ['ator', 'ate', positive],
  ['alism', 'al', positive],
  ['iveness', 'ive', positive],
  ['fulness', 'ful', positive],
  ['ousness', 'ous', positive],
  ['aliti', 'al', positive],
  ['iviti', 'ive', positive],
  ['biliti', 'ble', positive],
  ['fulli', 'ful', positive],
  ['logi', 'log', (_, word) => positive(word.slice(0, -3))],
]

const derivedSuffixes: readonly Rule[] = [
  ['icate', 'ic', positive],
  ['ative', '', positive],
  ['alize', 'al', positive],
  ['iciti', 'ic', positive],
  ['ical', 'ic', positive],
  ['ful', '', positive],
  ['ness', '', positive],
]

const lastSuffixes: readonly Rule[] = [
  ...['al', 'ance', 'ence', 'er', 'ic', 'able', 'ible', 'ant', 'ement', 'ment', 'ent'].map((suffix): Rule => [
    suffix,
    '',
    beyondOne,
  ]),
  ['ion', '', (stem) => beyondOne(stem) && /[st]$/.test(stem)],
  ...['ou', 'ism', 'ate', 'iti', 'ous', 'ive', 'ize'].map((suffix): Rule => [suffix, '', beyondOne]),
]

/**
 * The stem of an English word in lower case: Porter's algorithm (1980) with NLTK's extensions, which is what
 * rouge_score stems by.
 *
 * @example stem('relational') // relat
 */
export function stem(word: string): string {
  const known = Object.hasOwn(irregular, word) ? irregular[word] : undefined
  if (known !== undefined) return known
  if (word.length <= 2) return word
  const singular = word.length === 4 && word.endsWith('ies') ? word.slice(0, -1) : apply(word, pluralRules)
  const plain = withoutY(withoutPast(singular))
  const derived = apply(withoutDouble(plain), derivedSuffixes)
  const bare = withoutE(apply(derived, lastSuffixes))
  return bare.endsWith('ll') && beyondOne(bare.slice(0, -1)) ? bare.slice(0, -1) : bare
}

/** The first rule whose suffix the word has decides. */
function apply(word: string, rules: readonly Rule[]): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix))
  if (!rule) return word
  const [suffix, replacement, condition] = rule
  const rest = word.slice(0, word.length - suffix.length)
  return !condition || condition(rest, word) ? rest + replacement : word
}

/** Step 1b: `-eed`, `-ed` and `-ing`. */
function withoutPast(word: string): string {
  if (word.endsWith('ied')) return word.slice(0, word.length === 4 ? -1 : -2)
  if (word.endsWith('eed')) return positive(word.slice(0, -3)) ? word.slice(0, -1) : word
  const suffix = ['ed', 'ing'].find((end) => word.endsWith(end) && hasVowel(word.slice(0, -end.length)))
  if (suffix === undefined) return word
  const rest = word.slice(0, -suffix.length)
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`
  if (endsDouble(rest)) return /[lsz]$/.test(rest) ? rest : rest.slice(0, -1)
  return measure(rest) === 1 && endsShort(rest) ? `${rest}e` : rest
}

/** Step 1c, as NLTK has it: only after a consonant that is not the first letter. */
function withoutY(word: string): string {
  const rest = word.slice(0, -1)
  return word.endsWith('y') && rest.length > 1 && shapeOf(rest).endsWith('c') ? `${rest}i` : word
}

/** Step 2; `-alli` first, as NLTK has it. */
function withoutDouble(word: string): string {
  if (word.endsWith('alli') && positive(word.slice(0, -4))) return withoutDouble(word.slice(0, -2))
  return apply(word, doubleSuffixes)
}

/** Step 5a. */
function withoutE(word: string): string {
  if (!word.endsWith('e')) return word
  const rest = word.slice(0, -1)
  const times = measure(rest)
  return times > 1 || (times === 1 && !endsShort(rest)) ? rest : word
}

/** A letter for each of the word's: `c`onsonant or `v`owel; a `y` is a vowel after a consonant. */
function shapeOf(word: string): string {
  let shape = ''
  for (const letter of word) {
    const isVowel = letter === 'y' ? shape.endsWith('c') : 'aeiou'.includes(letter)
    shape += isVowel ? 'v' : 'c'
  }
  return shape
}

/** How often consonants follow vowels: Porter's m. */
function measure(word: string): number {
  return shapeOf(word).split('vc').length - 1
}

function hasVowel(word: string): boolean {
  return shapeOf(word).includes('v')
}

function endsDouble(word: string): boolean {
  return word.length >= 2 && word.at(-1) === word.at(-2) && shapeOf(word).endsWith('c')
}

/** Consonant, vowel, consonant other than w, x and y; or NLTK's vowel and consonant alone. */
function endsShort(word: string): boolean {
  const shape = shapeOf(word)
  return shape === 'vc' || (shape.endsWith('cvc') && !/[wxy]$/.test(word))
}
