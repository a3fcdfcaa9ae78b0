/**
 * Runs what Loracle exported as ONNX in Transformers.js, and compares it with what transformers computed.
 *
 *     EXPORT_DIR      what `loracle export --format onnx` made
 *     EXPECTED.json   what onnx_exports.py wrote with --expected, for the same model
 *
 * Options:
 *     --external      names the file of weights in the session's options, as a browser has to
 *     --tolerance T   largest difference of a logit (default 1e-4; 0.05 suits F16)
 *
 * Compared are logits, greedily generated ids of both rows at once, and, where the export has a tokenizer, the text that
 * the pipeline answers. Transformers.js is no dependency of the project: install it elsewhere and say where by
 * TRANSFORMERS_JS, or beside this file.
 *
 * Prints one JSON line { ok, kind, logits, ids, texts, error }. Exit status 1 where something differs.
 *
 * Versions: @huggingface/transformers 4.3.1, which brings onnxruntime-node 1.30.0.
 * Commands, from the repository root:
 *     npm install --prefix FOLDER @huggingface/transformers@4.3.1 --ignore-scripts
 *     TRANSFORMERS_JS=FOLDER/node_modules/@huggingface/transformers/dist/transformers.node.mjs \
 *         node test/reference/transformers-js-exports.mjs EXPORT_DIR expected.json
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  options: { external: { type: 'boolean' }, tolerance: { type: 'string', default: '1e-4' } },
  allowPositionals: true,
})
const folder = resolve(positionals[0])
const expected = JSON.parse(readFileSync(positionals[1], 'utf8'))
const place = process.env['TRANSFORMERS_JS']
const library = await import(place ? pathToFileURL(place).href : '@huggingface/transformers')
const { AutoModelForCausalLM, AutoModelForQuestionAnswering, AutoModelForSeq2SeqLM, Tensor, env, pipeline } =
  library

env.localModelPath = dirname(folder)
env.allowRemoteModels = false
const name = basename(folder)
const options = values.external
  ? { session_options: { externalData: [{ path: 'model.onnx_data', data: 'onnx/model.onnx_data' }] } }
  : {}

const tensor = (rows) =>
  new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length])
const inputs = Object.fromEntries(Object.entries(expected.inputs).map(([key, rows]) => [key, tensor(rows)]))
const real = expected.inputs.attention_mask

/** The largest difference of logits, padding left out. */
function difference(found, wanted, keep = () => true) {
  const flat = wanted.flat(Infinity)
  const width = flat.length / wanted.length / wanted[0].length
  let worst = 0
  found.data.forEach((value, i) => {
    const place = Math.floor(i / width)
    if (keep(Math.floor(place / wanted[0].length), place % wanted[0].length))
      worst = Math.max(worst, Math.abs(value - flat[i]))
  })
  return flat.length === found.data.length ? worst : Infinity
}

/** New tokens of each row, up to and with the end token. */
function newTokens(output, skipped, end) {
  return output.tolist().map((row) => {
    const ids = row.slice(skipped).map(Number)
    const at = ids.indexOf(end)
    return at < 0 ? ids : ids.slice(0, at + 1)
  })
}

const generating = { max_new_tokens: expected.newTokens, do_sample: false }
const kinds = {
  async seq2seq() {
    const model = await AutoModelForSeq2SeqLM.from_pretrained(name, options)
    const { logits } = await model({ ...inputs, decoder_input_ids: tensor(expected.target) })
    const output = await model.generate({ ...inputs, ...generating })
    const ids = newTokens(output, 1, model.config.eos_token_id)
    return { logits: difference(logits, expected.logits), ids, task: 'text2text-generation' }
  },
  async causal() {
    const model = await AutoModelForCausalLM.from_pretrained(name, options)
    const { logits } = await model(inputs)
    const output = await model.generate({ ...inputs, ...generating })
    const ids = newTokens(output, inputs.input_ids.dims[1], model.config.eos_token_id)
    const worst = difference(logits, expected.logits, (row, place) => real[row][place] === 1)
    return { logits: worst, ids, task: 'text-generation' }
  },
  async extractive() {
    const model = await AutoModelForQuestionAnswering.from_pretrained(name, options)
    const found = await model(inputs)
    const keep = (row, place) => real[row][place] === 1
    const worst = ['start', 'end'].map((end) =>
      difference(found[`${end}_logits`], expected[`${end}Logits`], keep),
    )
    const ids = ['start', 'end'].map((end) =>
      found[`${end}_logits`].tolist().map((row) => row.indexOf(Math.max(...row))),
    )
    return { logits: Math.max(...worst), ids, task: 'question-answering' }
  },
}

/** What the pipeline makes of the texts themselves, by the export's own tokenizer. */
async function textsOf(task) {
  if (!expected.questions || !existsSync(join(folder, 'tokenizer.json'))) return null
  const run = await pipeline(task, name, options)
  const { context } = expected
  const texts = []
  for (const question of expected.questions) {
    if (task === 'text2text-generation')
      texts.push((await run(`question: ${question} context: ${context}`, generating))[0].generated_text)
    else if (task === 'text-generation') {
      const prompt = `Question: ${question}\nContext: ${context}\nAnswer:`
      texts.push((await run(prompt, { ...generating, return_full_text: false }))[0].generated_text)
    } else texts.push((await run(question, context)).answer)
  }
  return texts
}

const { logits, ids, task } = await kinds[expected.kind]()
const texts = await textsOf(task)
const problems = [
  ...(logits <= Number(values.tolerance) ? [] : [`logits differ by ${logits}`]),
  ...(JSON.stringify(ids) === JSON.stringify(expected.ids) ? [] : ['ids differ']),
  ...(texts && expected.texts && JSON.stringify(texts) !== JSON.stringify(expected.texts)
    ? ['texts differ']
    : []),
]
const error = problems.join('; ') || null
process.stdout.write(
  `${JSON.stringify({ ok: error === null, kind: expected.kind, logits, ids, texts, error })}\n`,
)
process.exitCode = error === null ? 0 : 1
