/**
 * Words that say nothing about what a question asks for. Function words of the languages that most documents are
 * written in; a word of one that means something in another is rarely asked for alone, and then it is kept.
 */
const stopWords = new Set(
  `a about after all also am an and any are as at be been before being between both but by can could did do does doing
  for from had has have having he her here him his how i if in into is it its just may me might mine more most must my
  no not of on one only or our ought out over own per same shall she should so some such than that the their them then
  there these they this those through to too under until up upon us very was we were what when where whether which
  while who whom whose why will with within would you your
  aber als am an auch auf aus bei bin bis das dass dem den der des die dies diese dieser dieses doch du durch ein eine
  einem einen einer eines er es für gegen hat haben ich ihr im in ist ja kann kein keine man mit muss nach nicht noch
  nur ob oder ohne sein seine sich sie sind so um und uns vom von vor wann war warum was welche welcher welches wenn
  wer werden wie wir wird wo wurde zu zum zur über
  au aux avec ce ces cette comment dans de des du elle en est et il ils la le les leur lui mais ne nous on ou où par
  pas pour pourquoi qu quand que quel quelle quels quelles qui sa se ses son sont sur un une vous
  al como con cual cuando cuál cuándo cómo de del donde dónde el ella en es esta este esto fue ha hay la las lo los más
  no o para pero por qué que quién se ser si sin sobre son su sus un una y`.split(/\s+/),
)

const mostWords = 64

/** The words of a text, as FTS5's unicode61 tokenizer takes them. */
export function wordsOf(text: string): string[] {
  return (
    text
      .toWellFormed()
      .normalize('NFC')
      .match(/[\p{L}\p{N}\p{M}\p{Co}]+/gu) ?? []
  ).slice(0, mostWords)
}

/** The words of a question that say what it asks for; all of them where there are none. */
export function contentWords(question: string): string[] {
  const words = [...new Set(wordsOf(question).map((word) => word.toLowerCase()))]
  const telling = words.filter((word) => !stopWords.has(word))
  return telling.length > 0 ? telling : words
}

/** An FTS5 query for rows with any of the words, or null where there is no word. Whatever was typed is data. */
export function anyOf(words: readonly string[]): string | null {
  return words.length === 0 ? null : words.map(quoted).join(' OR ')
}

/** An FTS5 query for rows with all of the words, the last one perhaps not yet typed to its end. */
export function allOf(words: readonly string[]): string | null {
  const last = words.at(-1)
  if (last === undefined) return null
  return [...words.slice(0, -1).map(quoted), `${quoted(last)} *`].join(' AND ')
}

function quoted(word: string): string {
  return `"${word.replaceAll('"', '""')}"`
}
