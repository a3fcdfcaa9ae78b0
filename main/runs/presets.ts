import type { ArchitectureKind } from '../contract/models.ts'
import type { Preset } from '../contract/runs.ts'

/** What presets depend on. */
export interface PresetBasis {
  readonly trainExamples: number
  /** Starters are small and untaught: they want larger steps and batches than Flan-T5. */
  readonly model: {
    readonly starter: boolean
    readonly parameters: number
    readonly kind?: ArchitectureKind | null
  }
}

/** Optimiser steps that each preset aims at; few examples mean more epochs, but not endlessly many. */
const targets = { quick: 60, balanced: 400, thorough: 1_500 } as const
const mostEpochs = { quick: 3, balanced: 10, thorough: 20 } as const

/** Post-norm encoders, and large models, leave a good start at the rate that a small T5 wants. */
function learningRateFor({ parameters, kind }: PresetBasis['model']): number {
  return parameters > 150e6 || kind === 'extractive' ? 5e-4 : 1e-3
}

/** Three ways to train, by the number of examples and the model. */
export function presetsFor({ trainExamples, model }: PresetBasis): readonly Preset[] {
  const base = model.starter
    ? { learningRate: 1.5e-3, batchSize: 16, dropout: 0 }
    : { learningRate: learningRateFor(model), batchSize: 8 }
  const stepsPerEpoch = Math.max(1, Math.ceil(trainExamples / base.batchSize))
  const epochs = (id: keyof typeof targets) =>
    Math.min(mostEpochs[id], Math.max(1, Math.round(targets[id] / stepsPerEpoch)))
  const recommended = trainExamples < 100 ? 'thorough' : 'balanced'
  return [
    {
      id: 'quick',
      name: 'Quick look',
      description: 'A few minutes, to see whether the data and the model go together.',
      recommended: false,
      settings: {
        ...base,
        epochs: epochs('quick'),
        ...(stepsPerEpoch > targets.quick ? { maxSteps: targets.quick } : {}),
        rank: 8,
        alpha: 16,
      },
    },
    {
      id: 'balanced',
      name: 'Balanced',
      description: 'A good result in reasonable time, for most projects.',
      recommended: recommended === 'balanced',
      settings: { ...base, epochs: epochs('balanced'), rank: 16, alpha: 32 },
    },
    {
      id: 'thorough',
      name: 'Thorough',
      description:
        trainExamples < 100
          ? 'Many passes, since there are few examples; ends by itself when the validation no longer gets better.'
          : 'Takes its time, with a larger adapter; ends by itself when the validation no longer gets better.',
      recommended: recommended === 'thorough',
      settings: {
        ...base,
        epochs: epochs('thorough'),
        rank: 32,
        alpha: 64,
        earlyStoppingPatience: 4,
      },
    },
  ]
}
