import { join } from 'node:path'
import { loadTokenizer } from '../../../trainer/data/tokenizer.ts'
import type { TextTokenizer } from '../../../trainer/data/tokenizer.ts'
import { Fault, outcomeOf } from '../outcome.ts'

const short = [
  'Which one is short?', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', 'a b  c   d\t\n\u00a0', 'Größe 漢字 \u{1f4a5} \u0130', '', ' ', '[CLS] </s> <pad>',
  '12345678901234567890123456789012 =x', '\ud800 \0\u0007\u200b', "don't, isn't; (a+)+$ <|endoftext|>",
] // prettier-ignore
/** What a person may paste, and what patterns are weakest at, without an end. */
const endless = ['a', 'a', ' ', 'The one is short. ', '漢', 'xy', '1', '́']
/** A hundred kilobytes now and then, which take a sound tokenizer as long as fifty short ones. */
const lengths = [100_000, 2_000, 2_000, 2_000, 2_000, 20_000, 2_000, 2_000, 2_000, 2_000, 2_000]

let loaded = 0

/** Loads a tokenizer and encodes and decodes texts with it, each token in its vocabulary. */
export async function readTokenizerFolder(folder: string): Promise<readonly string[]> {
  const model = join(folder, 'model')
  let tokenizer: TextTokenizer | null = null
  const opened = await outcomeOf(async () => {
    tokenizer = await loadTokenizer(model)
    return 'loaded'
  })
  const found = tokenizer as TextTokenizer | null
  if (!found) return [opened]
  const unit = endless[loaded % endless.length] ?? ''
  const long = unit.repeat(Math.ceil((lengths[loaded++ % lengths.length] ?? 1) / unit.length))
  const texts = [...short, `${long}!`]
  const outcomes: string[] = [opened]
  for (const text of texts) {
    // Whoever is told that the tokenizer cannot be used encodes nothing more with it.
    if (outcomes.at(-1) === 'tokenizer_invalid') break
    outcomes.push(
      await outcomeOf(() => {
        const ids = found.encode(text)
        const stray = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= found.vocabSize)
        if (stray !== undefined) throw new Fault(`the token ${stray} is none of ${found.vocabSize}`)
        found.decode(ids.slice(0, 1000))
        found.decode(ids.slice(0, 100), { skipSpecialTokens: true })
        for (const { id, start, end } of found.placed?.(text) ?? [])
          if (id >= found.vocabSize || start < 0 || end > text.length || start > end)
            throw new Fault(`the token ${id} stands at ${start} to ${end}`)
        return Promise.resolve('encoded')
      }),
    )
  }
  return outcomes
}
