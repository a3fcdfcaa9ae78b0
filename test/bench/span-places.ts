import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerQuestions, openAnswering } from '../../trainer/answer.ts'
import { readDataset } from '../../trainer/data/read-dataset.ts'
import { openTextModel } from '../../trainer/open-model.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { bertBase, writeRandomBert } from '../support/random-bert.ts'

/**
 * Answers every question of SQuAD files with a small random BERT over many windows and checks that each span it marks
 * is the text at its place:
 *
 * npm exec -- node test/bench/span-places.ts TOKENIZER_DIR FILE.json …
 */
const [tokenizer, ...files] = process.argv.slice(2)
if (tokenizer === undefined || files.length === 0)
  throw new Error('Name a folder with a BERT tokenizer, and SQuAD files.')
const small = { hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 32 }
const folder = await mkdtemp(join(tmpdir(), 'loracle-spans-'))
try {
  await writeRandomBert(folder, { ...bertBase, ...small }, { seed: 1, spread: 0.2, tokenizer })
  const settings = parseSettings({ maxSourceLength: 128, stride: 32, threads: 1 })
  const text = await openTextModel(folder, null, settings)
  const session = await openAnswering(text, [null], settings)
  for (const file of files) {
    const started = performance.now()
    const { examples } = await readDataset(file)
    const signal = new AbortController().signal
    const answers = await answerQuestions(session, text, examples, { settings, adapter: null, signal })
    let [spans, wrong, windows] = [0, 0, 0]
    for (const [i, answer] of answers.entries()) {
      const characters = [...(examples[i]?.context ?? '')]
      windows += answer.windows
      for (const { text: span, start, end } of answer.marked?.alternatives ?? []) {
        spans++
        if (span === '' || characters.slice(start, end).join('') !== span) wrong++
      }
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stdout.write(
      `${file}: ${answers.length} questions, ${windows} windows, ${spans} spans, ${wrong} not the text at their place, ${seconds} s\n`,
    )
  }
  await session.dispose()
} finally {
  await rm(folder, { recursive: true, force: true })
}
