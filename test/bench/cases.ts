import type { z } from 'zod'
import type { loraSchema } from './messages.ts'

/** One piece of work; lengths in tokens, every row full. */
export type Work =
  | {
      readonly kind: 'training'
      readonly batch: number
      readonly source: number
      readonly target: number
      readonly lora: z.infer<typeof loraSchema>
    }
  | {
      readonly kind: 'answering'
      readonly batch: number
      readonly source: number
      readonly newTokens: number
    }
  | { readonly kind: 'tokenization' }

/** Everything that the bench measures, by name, in the order in which it does. */
export const cases: Readonly<Record<string, Work>> = {
  'train-qv-r8': {
    kind: 'training',
    batch: 8,
    source: 256,
    target: 16,
    lora: { rank: 8, alpha: 16, targets: ['q', 'v'] },
  },
  'train-all-linear-r16': {
    kind: 'training',
    batch: 8,
    source: 256,
    target: 16,
    lora: { rank: 16, alpha: 32, targets: 'all-linear' },
  },
  'generate-batch-1': { kind: 'answering', batch: 1, source: 256, newTokens: 32 },
  'generate-batch-8': { kind: 'answering', batch: 8, source: 256, newTokens: 32 },
  tokenize: { kind: 'tokenization' },
}
