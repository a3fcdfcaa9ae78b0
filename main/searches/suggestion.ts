import { parseSettings } from '../../trainer/protocol.ts'
import type { SearchForm } from '../contract/searches.ts'
import { searchableSettings, settingsOnlyByF1 } from './searchable.ts'
import { usualTrials } from './plan-trials.ts'

/** Times by which the suggested learning rates go below and above the present one. */
const span = 5
const usualRanks = [4, 8, 16, 32]
/** Epochs after which trials can be told from one another. */
const usualEpochs = 3

/**
 * What a search form begins with: the learning rate, which matters most, around the present one, and the rank.
 *
 * @throws TrainerError `setting_unknown`, `setting_invalid`.
 */
export function searchForm(settings: Readonly<Record<string, unknown>>): SearchForm {
  const { learningRate, rank, epochs, method } = parseSettings(settings)
  const rounded = (value: number): number => Number(value.toPrecision(2))
  const rates = {
    name: 'learningRate',
    from: rounded(learningRate / span),
    to: rounded(learningRate * span),
    scale: 'log',
  } as const
  const ranks = { name: 'rank', values: [...new Set([...usualRanks, rank])].sort((a, b) => a - b) }
  return {
    settings: searchableSettings(),
    onlyByF1: settingsOnlyByF1(),
    suggestion: {
      space: method === 'full' ? [rates] : [rates, ranks],
      strategy: 'random',
      trials: usualTrials,
      trialEpochs: Math.min(epochs, usualEpochs),
    },
  }
}
