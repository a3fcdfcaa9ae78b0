import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { handler, serve } from '../serve.ts'
import { timed } from '../timed.ts'
import { generateSchema, loadSchema } from './messages.ts'

// Transformers.js writing answers with an exported model. It is installed in a folder that the request names.

/** What is used here of what the package offers. */
interface Transformers {
  readonly env: {
    readonly version: string
    allowRemoteModels: boolean
    localModelPath: string
  }
  readonly Tensor: new (dtype: 'int64', data: BigInt64Array, shape: readonly number[]) => object
  readonly AutoModelForSeq2SeqLM: ModelClass
  readonly AutoModelForCausalLM: ModelClass
}

interface ModelClass {
  from_pretrained(name: string, options: object): Promise<GenerativeModel>
}

interface GenerativeModel {
  generate(options: object): Promise<{ tolist(): bigint[][] }>
}

const packagesSchema = loadSchema.extend({ packages: z.string() })
const opened: { model: GenerativeModel; Tensor: Transformers['Tensor']; isCausal: boolean }[] = []

await serve({
  load: handler(packagesSchema, async ({ weights, threads, packages }) => {
    const entry = createRequire(join(packages, 'package.json')).resolve('@huggingface/transformers')
    const library = (await import(pathToFileURL(entry).href)) as Transformers
    const began = performance.now()
    library.env.allowRemoteModels = false
    library.env.localModelPath = dirname(weights)
    const config = (await import(pathToFileURL(join(weights, 'config.json')).href, {
      with: { type: 'json' },
    })) as {
      default: { is_encoder_decoder?: boolean; model_type: string }
    }
    const isCausal = config.default.model_type === 'gpt_neo'
    const modelClass = isCausal ? library.AutoModelForCausalLM : library.AutoModelForSeq2SeqLM
    const model = await modelClass.from_pretrained(basename(weights), {
      dtype: 'fp32',
      device: 'cpu',
      session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
    })
    opened.push({ model, Tensor: library.Tensor, isCausal })
    const seconds = (performance.now() - began) / 1000
    return { seconds, versions: { node: process.versions.node, 'transformers.js': library.env.version } }
  }),
  generate: handler(generateSchema, async ({ inputs, newTokens }) => {
    const [loaded] = opened
    if (!loaded) throw new Error('No model is loaded.')
    const shape = [inputs.length, inputs[0]?.length ?? 0]
    const ids = BigInt64Array.from(inputs.flat(), BigInt)
    const { result, ...times } = await timed(() =>
      loaded.model.generate({
        inputs: new loaded.Tensor('int64', ids, shape),
        attention_mask: new loaded.Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
        max_new_tokens: newTokens,
        min_new_tokens: newTokens,
        do_sample: false,
      }),
    )
    return { ...times, ids: result.tolist().map((row) => row.slice(-newTokens).map(Number)) }
  }),
})
