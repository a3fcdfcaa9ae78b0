import { countLengths, lengthsSchema, toColumns } from './lengths.ts'

// Prints how long the training items of a SQuAD file are, counted with the tokenizers of the published models:
// what squad-lengths.json has, of SQuAD 2.0's development set (Rajpurkar et al. 2018).
//   npm exec -- node test/bench/epoch/count-lengths.ts dev-v2.0.json T5_DIR GPT_NEO_DIR BERT_DIR > squad-lengths.json
const [squad, t5, gptNeo, bert] = process.argv.slice(2)
if (squad === undefined || t5 === undefined || gptNeo === undefined || bert === undefined)
  throw new Error('Name a SQuAD file and the folders of three tokenizers: T5, GPT-Neo, BERT.')
const kinds = { seq2seq: t5, causal: gptNeo, extractive: bert } as const
const lists: Record<string, Record<string, number[]>> = {}
for (const kind of ['seq2seq', 'causal', 'extractive'] as const) {
  const names = Object.keys(lengthsSchema.shape[kind].shape)
  lists[kind] = toColumns(await countLengths(kind, squad, kinds[kind]), names)
}
process.stdout.write(`${JSON.stringify(lists)}\n`)
