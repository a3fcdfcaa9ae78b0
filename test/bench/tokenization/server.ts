import { z } from 'zod'
import { loadTokenizer } from '../../../trainer/data/tokenizer.ts'
import type { TextTokenizer } from '../../../trainer/data/tokenizer.ts'
import { handler, serve } from '../serve.ts'
import { timed } from '../timed.ts'

// Tokenisation of texts, in a process of its own so that its memory is its own.

interface Loaded {
  readonly tokenizer: TextTokenizer
  readonly texts: readonly string[]
}

const opened: Loaded[] = []

await serve({
  load: handler(z.object({ folder: z.string(), texts: z.array(z.string()) }), async ({ folder, texts }) => {
    const began = performance.now()
    opened.push({ tokenizer: await loadTokenizer(folder), texts })
    return { seconds: (performance.now() - began) / 1000, versions: { node: process.versions.node } }
  }),
  tokenize: handler(z.object({ passes: z.int().positive() }), async ({ passes }) => {
    const [loaded] = opened
    if (!loaded) throw new Error('No tokenizer is loaded.')
    const { tokenizer, texts } = loaded
    const done = []
    for (let pass = 0; pass < passes; pass++)
      done.push(await timed(() => texts.reduce((sum, text) => sum + tokenizer.encode(text).length, 0)))
    return {
      milliseconds: done.map(({ milliseconds }) => milliseconds),
      processor: done.map(({ processor }) => processor),
      tokens: done[0]?.result ?? 0,
    }
  }),
})
