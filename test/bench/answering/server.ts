import type { z } from 'zod'
import { openAnsweringSession, requireGenerative } from '../../../trainer/generate/answering-session.ts'
import { generate } from '../../../trainer/generate/generate.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import { runtimeVersion } from '../../../trainer/session.ts'
import { handler, serve } from '../serve.ts'
import { timed } from '../timed.ts'
import { generateSchema, loadSchema } from './messages.ts'

// The engine writing answers, in a process of its own so that its memory is its own.

type Generator = Awaited<ReturnType<typeof open>>
const opened: Generator[] = []

async function open({ weights, threads }: z.infer<typeof loadSchema>) {
  const model = await openModel(weights)
  const { config } = model.architecture
  const session = await openAnsweringSession(model, {
    adaptable: [],
    threads,
    provider: 'cpu',
    fusedNorms: true,
  })
  return {
    async generate({ inputs, newTokens, beams }: z.infer<typeof generateSchema>) {
      const decoder = await requireGenerative(session).start(inputs, { adapter: null, beams })
      const sequences = await generate(decoder, {
        eosTokenId: config.eosTokenId ?? config.padTokenId,
        padTokenId: config.padTokenId,
        minNewTokens: newTokens,
        maxNewTokens: newTokens,
        numBeams: beams,
      })
      const beamScores = sequences.flatMap(({ beamScore }) => beamScore ?? [])
      return { ids: sequences.map(({ ids }) => ids), ...(beams > 1 ? { beamScores } : {}) }
    },
    dispose: () => session.dispose(),
  }
}

await serve({
  load: handler(loadSchema, async (request) => {
    const began = performance.now()
    opened.push(await open(request))
    const seconds = (performance.now() - began) / 1000
    return { seconds, versions: { node: process.versions.node, 'onnxruntime-node': runtimeVersion() } }
  }),
  generate: handler(generateSchema, async (request) => {
    const [generator] = opened
    if (!generator) throw new Error('No model is loaded.')
    const { result, ...times } = await timed(() => generator.generate(request))
    return { ...times, ...result }
  }),
})
for (const generator of opened) await generator.dispose()
