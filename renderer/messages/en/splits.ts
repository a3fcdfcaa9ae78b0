import { formatNumber, formatPercent, plural } from '../format.ts'

/** How the examples are divided, and which file serves as what. */
export const splits = {
  title: 'How the examples are divided',
  text: 'Training examples teach the model. Validation picks the best moment to stop. The test is asked only before and after, so that the scores are honest.',
  group:
    'Examples of one document or article always stay together, so that the test holds texts that the model has not seen.',
  context: 'All examples are of one document, so examples over the same text stay together.',
  nothing: 'There is nothing to divide yet.',
  fixed:
    'Every file serves as one split as a whole, so the sizes below divide nothing. Files that you add are divided by them.',
  count: (count: number, groups: number) =>
    `${plural(count, { one: '# example', other: '# examples' })} in ${plural(groups, { one: '# group', other: '# groups' })}`,
  share: (share: number) => formatPercent(share, 1),
  meter: (train: number, validation: number, test: number) =>
    `${formatNumber(train)} for training, ${formatNumber(validation)} for validation, ${formatNumber(test)} for the test`,
  sizeOf: (split: string) => `Size of ${split.toLowerCase()}`,
  unitOf: (split: string) => `How the size of ${split.toLowerCase()} is given`,
  percent: 'Per cent',
  examples: 'Examples',
  percentWrong: 'A number from 0 to 50.',
  countWrong: 'A whole number, 0 or more.',
  about: (count: number, of: number) =>
    `About ${formatNumber(count)} of the ${formatNumber(of)} examples that are divided`,
  aboutShare: (share: number, of: number) =>
    `${formatPercent(share, 1)} of the ${formatNumber(of)} examples that are divided`,
  tooMany: (of: number) =>
    `Only ${plural(of, { one: '# example is', other: '# examples are' })} divided: leave some for training.`,
  seed: 'Seed',
  seedHint: 'The same seed divides the same way.',
  seedWrong: 'A whole number, 0 or more.',
  save: 'Divide again',
  saved: 'The examples are divided anew.',
  restored: 'The examples are divided as before.',
  bySource: 'Which file serves as what',
  bySourceText:
    'A file that somebody made for testing should be the test as a whole. The others are divided by the sizes above.',
  use: 'Serves as',
  useOf: (name: string) => `${name} serves as`,
  useAuto: 'Divided',
  useTrain: 'Training',
  useValidation: 'Validation',
  useTest: 'Test',
  weight: 'In training',
  weightText:
    'How many times an epoch of training goes through this file: 2 for twice, 0.5 for every other example.',
  weightOf: (name: string) => `How often ${name} is trained on in an epoch`,
  weightChanged: (name: string, weight: number) =>
    weight === 1 ? `${name}: every example once an epoch.` : `${name}: ${weight} times an epoch.`,
  useChanged: (name: string, use: string) => `${name}: ${use.toLowerCase()}.`,
} as const
