import type { Adapter } from '../lora/peft-adapter.ts'
import type { Model } from '../models/registry.ts'
import { neededBy } from './answering-graph.ts'
import type { AnsweringOptions } from './answering-graph.ts'
import { openAnsweringSession, requireGenerative } from './answering-session.ts'
import type { AnsweringSession } from './answering-session.ts'

type GrowingOptions = Omit<AnsweringOptions, 'adaptable' | 'dora' | 'replaceable'>

/**
 * Loads a model for answering with adapters that are not known yet. Plain LoRA on any linear layer is fed to the graphs
 * as they are. What costs every answer something is added when an adapter first asks for it: the first one with DoRA,
 * and the first with values of its own for a parameter, open the graphs anew, and from then on every adapter is fed to
 * those. Then no answer may be under way.
 *
 * @throws TrainerError as `openAnsweringSession` does, also while answering.
 */
export async function openGrowingSession(model: Model, options: GrowingOptions): Promise<AnsweringSession> {
  const adaptable = [...model.architecture.linears.keys()]
  const open = (more: Pick<AnsweringOptions, 'dora' | 'replaceable'>) =>
    openAnsweringSession(model, { ...options, ...more, adaptable })
  let able: Required<Pick<AnsweringOptions, 'dora' | 'replaceable'>> = { dora: [], replaceable: [] }
  let session: AnsweringSession | null = await open(able)
  const dispose = async () => {
    const open = session
    session = null
    await open?.dispose()
  }
  const sessionFor = async (adapter: Adapter | null): Promise<AnsweringSession> => {
    const { dora, replaceable } = neededBy([adapter])
    const grown = {
      // On every layer, so that the next adapter with DoRA finds what it needs.
      dora: dora.length > 0 ? adaptable : able.dora,
      replaceable: [...new Set([...able.replaceable, ...replaceable])],
    }
    const fits =
      grown.dora.length === able.dora.length && grown.replaceable.length === able.replaceable.length
    if (session && fits) return session
    // Let go first: two copies of the weights might not fit.
    await dispose()
    session = await open(grown)
    able = grown
    return session
  }
  if (session.kind === 'extractive')
    return {
      kind: 'extractive',
      async mark(rows, adapter) {
        const marking = await sessionFor(adapter)
        if (marking.kind !== 'extractive') throw new Error('The model became one that writes.')
        return marking.mark(rows, adapter)
      },
      dispose,
    }
  return {
    kind: 'generative',
    start: async (prompts, start) => requireGenerative(await sessionFor(start.adapter)).start(prompts, start),
    dispose,
  }
}
