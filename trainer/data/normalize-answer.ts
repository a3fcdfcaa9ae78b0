// string.punctuation of Python.
const punctuation = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g
// \b of Python's re borders on letters, numbers and the underscore; combining marks are no word characters.
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu
// What str.split() of Python takes for white space; JavaScript's \s lacks U+001C to U+001F and U+0085 and has U+FEFF.
const whiteSpace = /[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/

/**
 * The words of an answer after SQuAD's normalisation: lower case, without ASCII punctuation and English
 * articles, split at white space. As in the official scorer (Rajpurkar et al. 2018, evaluate-v2.0.py), with
 * Python's meaning of white space and word boundaries.
 */
export function answerWords(text: string): string[] {
  const cleaned = text.toLowerCase().replace(punctuation, '').replace(articles, ' ')
  return cleaned.split(whiteSpace).filter((word) => word !== '')
}

/** An answer as the official SQuAD scorer compares it: its normalised words with single spaces between. */
export function normalizeAnswer(text: string): string {
  return answerWords(text).join(' ')
}
