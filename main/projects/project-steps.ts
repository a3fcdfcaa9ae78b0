import type { Step, StepState } from '../contract/projects.ts'

/** What the steps of a project depend on. */
export interface ProjectFacts {
  readonly trainExamples: number
  readonly examples: number
  readonly passages: number
  readonly modelId: string | null
  /** Why the chosen model cannot be used; null where it can, or where none is chosen. */
  readonly modelReason: string | null
  /** True where a finished run has answers of before and after side by side. */
  readonly hasComparisons: boolean
  /** True where a run has an adapter or a model. */
  readonly hasUsableRun: boolean
}

interface Obstacle {
  readonly reason: string
  readonly goTo: Step
}

/** For each step what stands in its way; null where nothing does. */
const obstacles: Readonly<Record<Step, (facts: ProjectFacts) => Obstacle | null>> = {
  data: ({ trainExamples, examples, passages }) => {
    if (trainExamples > 0) return null
    if (examples > 0)
      return {
        reason:
          'No question is left to train on: all are held out. Give training a share, or add more questions.',
        goTo: 'data',
      }
    return {
      reason:
        passages > 0
          ? 'The documents have no questions yet. Mark answers in them, or add a file with questions.'
          : 'Add a file with questions, or documents to mark questions in.',
      goTo: 'data',
    }
  },
  model: ({ modelId, modelReason }) => {
    if (modelId === null) return { reason: 'Choose a model.', goTo: 'model' }
    if (modelReason === null) return null
    return { reason: `The chosen model cannot be used: ${modelReason} Choose another.`, goTo: 'model' }
  },
  train: (facts) => obstacles.data(facts) ?? obstacles.model(facts),
  compare: (facts) => {
    if (facts.hasComparisons) return null
    return facts.hasUsableRun
      ? {
          reason: 'No run has answered held-out questions. Hold some out under Data, then train once more.',
          goTo: 'data',
        }
      : { reason: 'Train first: the answers of before and after are compared here.', goTo: 'train' }
  },
  chat: (facts) => {
    if (facts.passages === 0)
      return { reason: 'Add documents or a file with contexts to ask about.', goTo: 'data' }
    return obstacles.model(facts)
  },
  export: ({ hasUsableRun }) =>
    hasUsableRun ? null : { reason: 'Train first: what a run has learnt is taken away here.', goTo: 'train' },
}

/** Whether each step can be used, in their order, and if not why and where to go first. */
export function stepStates(facts: ProjectFacts): StepState[] {
  return Object.entries(obstacles).map(([step, obstacleOf]) => {
    const obstacle = obstacleOf(facts)
    return {
      step: step as Step,
      ready: obstacle === null,
      reason: obstacle?.reason ?? null,
      goTo: obstacle?.goTo ?? null,
    }
  })
}
