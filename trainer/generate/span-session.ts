import { collateWindows } from '../kinds/extractive.ts'
import type { ExtractiveArchitecture } from '../models/architecture.ts'
import type { Model } from '../models/registry.ts'
import type { Value } from '../session.ts'
import { feedsOfAdapters, openAnsweringGraph } from './answering-graph.ts'
import type { AnsweringOptions } from './answering-graph.ts'
import type { SpanSession } from './session-kinds.ts'

/**
 * Loads a model with a span head for answering. The head is an input like an adapter's matrices, since every adapter
 * brings its own.
 *
 * @throws TrainerError as `openSession` does.
 */
export async function openSpanSession(
  model: Model,
  architecture: ExtractiveArchitecture,
  options: AnsweringOptions,
): Promise<SpanSession> {
  const replaceable = [...new Set([...(options.replaceable ?? []), ...architecture.freshParameters])]
  const adaptable = { ...options, replaceable }
  const graph = await openAnsweringGraph(model, (context) => architecture.spans(context), adaptable)
  const feedsOf = feedsOfAdapters(model, adaptable)
  return {
    kind: 'extractive',
    async mark(rows, adapter) {
      const feeds = collateWindows(rows, architecture.config)
      const { startLogits, endLogits } = await graph.run({ ...feeds, ...(await feedsOf(adapter)) })
      return rows.map((_, row) => ({ start: logitsOf(startLogits, row), end: logitsOf(endLogits, row) }))
    },
    dispose: () => graph.dispose(),
  }
}

function logitsOf(logits: Value | undefined, row: number): Float32Array {
  const length = logits?.shape[1] ?? 0
  if (!(logits?.data instanceof Float32Array)) throw new Error('The graph gave no logits.')
  return logits.data.subarray(row * length, (row + 1) * length)
}
