const word = 'unanswerable'

/** True for the word with which a model says that a passage holds no answer. */
export function saysUnanswerable(answer: string): boolean {
  return bare(answer) === word
}

/** True while what has come of an answer may yet become that word, which is not shown letter by letter. */
export function mayBecomeUnanswerable(text: string): boolean {
  return word.startsWith(bare(text))
}

function bare(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+$/u, '')
}
