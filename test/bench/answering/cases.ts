import type { LineProcess } from '../line-process.ts'
import { startOurs, startPython } from '../bench-processes.ts'
import { idDrawer } from '../random-ids.ts'
import type { BenchCase, CaseContext, Side } from '../side.ts'
import type { PublishedShape } from '../write-random-model.ts'
import { exportedModel } from './exported-model.ts'
import { answeringSide, checkSameWriting } from './sides.ts'
import type { Written } from './sides.ts'

interface AnsweringWork {
  readonly shape: PublishedShape
  readonly batch: number
  /** Tokens in and out of each row. */
  readonly source: number
  readonly newTokens: number
  /** 1 decodes greedily. */
  readonly beams: number
}

const lengths = { source: 256, newTokens: 32 } as const

/** Decoding with the base model, never stopped early: greedily and with beams, of one prompt and of several. */
export const answeringCases: readonly BenchCase[] = [
  answeringCase('generate-t5-batch-1', { shape: 'flan-t5-small', ...lengths, batch: 1, beams: 1 }),
  answeringCase('generate-t5-batch-8', { shape: 'flan-t5-small', ...lengths, batch: 8, beams: 1 }),
  answeringCase('generate-t5-beams-batch-1', { shape: 'flan-t5-small', ...lengths, batch: 1, beams: 4 }),
  answeringCase('generate-t5-beams-batch-8', { shape: 'flan-t5-small', ...lengths, batch: 8, beams: 4 }),
  answeringCase('generate-neo-batch-1', { shape: 'gpt-neo-125m', ...lengths, batch: 1, beams: 1 }),
  answeringCase('generate-neo-beams-batch-1', { shape: 'gpt-neo-125m', ...lengths, batch: 1, beams: 4 }),
]

function answeringCase(name: string, work: AnsweringWork): BenchCase {
  const written: Written = new Map()
  return {
    name,
    work: { what: 'generations', ...work },
    async sides(context) {
      const { peft, transformersJs } = context.options
      const weights = await context.model(work.shape)
      const draw = await idDrawer(weights, 'source')
      const inputs = Array.from({ length: work.batch }, () => draw(work.source))
      const request = { inputs, newTokens: work.newTokens, beams: work.beams }
      const side = (name: string, role: Side['role'], start: () => LineProcess, more: object = {}): Side => {
        const load = { weights, threads: context.options.threads, ...more }
        return answeringSide({ name, role, start, load }, request, written)
      }
      return [
        side('loracle', 'ours', () => startOurs('answering/server.ts', context)),
        ...(peft === null
          ? []
          : [
              side('torch', 'reference', () => startPython(peft, 'answering/generate_reference.py', context)),
            ]),
        // It has no beam search.
        ...(transformersJs === null || work.beams > 1
          ? []
          : [await transformersJsSide(side, { weights, packages: transformersJs, context })]),
      ]
    },
    check: () => checkSameWriting(written),
  }
}

/** Transformers.js with the same weights as an ONNX model, as `loracle export` writes it. */
async function transformersJsSide(
  side: (name: string, role: Side['role'], start: () => LineProcess, more: object) => Side,
  { weights, packages, context }: { weights: string; packages: string; context: CaseContext },
): Promise<Side> {
  const exported = await exportedModel(weights, context)
  const start = () => startOurs('answering/transformers-js-server.ts', context)
  return side('transformers-js', 'reference', start, { weights: exported, packages })
}
