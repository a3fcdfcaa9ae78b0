import type { BuildContext, CausalArchitecture } from '../models/architecture.ts'
import type { Model } from '../models/registry.ts'
import { candidatesOf } from '../nn/candidates.ts'
import { feedsOfAdapters, openAnsweringGraph } from './answering-graph.ts'
import type { AnsweringOptions } from './answering-graph.ts'
import type { GenerativeSession } from './session-kinds.ts'
import { CausalDecoder } from './causal-decoder.ts'

/**
 * Loads a model that continues its prompts: one session reads the prompts and takes the steps.
 *
 * @throws TrainerError as `openSession` does.
 */
export async function openCausalSession(
  model: Model,
  architecture: CausalArchitecture,
  options: AnsweringOptions,
): Promise<GenerativeSession> {
  const { config } = architecture
  const step = (context: BuildContext) => {
    const results = architecture.step(context)
    return { ...results, ...(results['logits'] ? candidatesOf(results['logits']) : {}) }
  }
  const graph = await openAnsweringGraph(model, step, options)
  const feedsOf = feedsOfAdapters(model, options)
  return {
    kind: 'generative',
    start: async (prompts, { adapter, beams }) =>
      new CausalDecoder(graph, config, {
        // Nothing can be continued only from something: the end token also stands between texts.
        prompts: prompts.map((prompt) => (prompt.length > 0 ? prompt : [config.eosTokenId])),
        constants: await feedsOf(adapter),
        beams,
        chooses: true,
      }),
    dispose: () => graph.dispose(),
  }
}
