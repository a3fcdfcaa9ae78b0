import type { Architecture } from '../models/architecture.ts'
import { causalKind } from './causal.ts'
import { extractiveKind } from './extractive.ts'
import type { ModelKind } from './kind.ts'
import { seq2seqKind } from './seq2seq.ts'

/** How data reach an architecture. */
export function kindOf(architecture: Architecture): ModelKind {
  switch (architecture.kind) {
    case 'seq2seq':
      return seq2seqKind(architecture)
    case 'causal':
      return causalKind(architecture)
    case 'extractive':
      return extractiveKind(architecture)
  }
}
