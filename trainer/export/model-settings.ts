import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeBytePairs } from '../data/tokenizer-files.ts'
import { describeWordPieces } from '../data/word-piece-files.ts'
import type { Architecture } from '../models/architecture.ts'
import { copyModelFiles } from '../models/model-files.ts'

/**
 * Copies a model's configuration, tokenizer and generation settings, and adds what Optimum and Transformers.js read
 * there and some published folders leave out. What a folder says itself stands.
 */
export async function writeModelSettings(
  from: string,
  to: string,
  architecture: Architecture,
): Promise<void> {
  await copyModelFiles(from, to)
  await addTo(join(to, 'config.json'), {
    ...modelFacts(architecture),
    'transformers.js_config': javascriptSettings(architecture),
  })
  await completeTokenizer(to)
  if (architecture.kind !== 'extractive') {
    const path = join(to, 'generation_config.json')
    if (!(await stat(path).catch(() => null))) await addTo(path, generationFacts(architecture))
  }
}

/** Transformers.js reads no older vocabulary files, so what they say is written as a tokenizer.json. */
async function completeTokenizer(folder: string): Promise<void> {
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => null)
  const path = join(folder, 'tokenizer.json')
  const described =
    (await read('tokenizer.json')) === null
      ? ((await describeBytePairs(folder, read)) ?? (await describeWordPieces(folder, read)))
      : null
  if (described) await writeFile(path, JSON.stringify(inFull(described.description)))
  const config = typeof described?.config === 'object' ? described.config : {}
  await addTo(join(folder, 'tokenizer_config.json'), {
    ...config,
    tokenizer_class: 'PreTrainedTokenizerFast',
  })
}

/** A tokenizer's description with what Hugging Face's tokenizers want to be told, and ours takes for granted. */
function inFull(description: unknown): unknown {
  const { added_tokens: tokens = [], ...rest } = description as {
    readonly added_tokens?: readonly Readonly<Record<string, unknown>>[]
  }
  const added = tokens.map((token) => ({ single_word: false, lstrip: false, rstrip: false, ...token }))
  return { version: '1.0', truncation: null, padding: null, added_tokens: added, ...rest }
}

function modelFacts(architecture: Architecture): Readonly<Record<string, unknown>> {
  const { config, kind } = architecture
  const facts = { is_encoder_decoder: kind === 'seq2seq', pad_token_id: config.padTokenId }
  if (architecture.kind !== 'seq2seq') return facts
  const { decoderLayers, decoderStartTokenId, eosTokenId } = architecture.config
  return {
    ...facts,
    num_decoder_layers: decoderLayers,
    decoder_start_token_id: decoderStartTokenId,
    eos_token_id: eosTokenId,
  }
}

function generationFacts({ config, kind }: Architecture): Readonly<Record<string, unknown>> {
  const start = kind === 'seq2seq' && 'decoderStartTokenId' in config ? config.decoderStartTokenId : null
  return {
    ...(start === null ? {} : { decoder_start_token_id: start }),
    pad_token_id: config.padTokenId,
    eos_token_id: config.eosTokenId,
  }
}

/**
 * Browsers take 8-bit weights unless told otherwise, and fetch the weights of `model.onnx` from the file beside it only
 * where this is said. (The file that the models of a seq2seq export share has to be named by whoever loads them.)
 */
function javascriptSettings({ kind }: Architecture): Readonly<Record<string, unknown>> {
  return { dtype: 'fp32', ...(kind === 'seq2seq' ? {} : { use_external_data_format: true }) }
}

/** Adds entries to a JSON file, which need not exist; those that it has already stay, but for null. */
async function addTo(path: string, entries: Readonly<Record<string, unknown>>): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '{}')
  const known = parseKeepingNumbers(text)
  const lacking = Object.entries(entries).filter(
    ([name]) => known[name] === undefined || known[name] === null,
  )
  if (lacking.length === 0) return
  await writeFile(path, `${JSON.stringify({ ...known, ...Object.fromEntries(lacking) }, null, 2)}\n`)
}

/** Numbers stay as they were written: transformers takes 1.0 where it does not take 1. */
function parseKeepingNumbers(text: string): Readonly<Record<string, unknown>> {
  const keep = (_: string, value: unknown, { source = '' }: { readonly source?: string } = {}) =>
    typeof value === 'number' ? rawJson.rawJSON(source) : value
  return JSON.parse(text, keep) as Readonly<Record<string, unknown>>
}

// Not yet among TypeScript's declarations (https://tc39.es/proposal-json-parse-with-source).
const rawJson = JSON as unknown as { rawJSON(text: string): unknown }
