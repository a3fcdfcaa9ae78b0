import type { Interval, ScoreTile } from '../contract/comparisons.ts'
import { metricLabels, taskKinds, tasks } from '../contract/tasks.ts'
import type { TaskKind } from '../contract/tasks.ts'
import { promptText, pythonUsage } from './model-usage.ts'
import { settingText } from './run-story.ts'
import type { RunStory } from './run-story.ts'

/** What the card lies beside: a PEFT adapter, a whole model, or a whole model as ONNX. */
export type CardKind = 'adapter' | 'model' | 'onnx'

/**
 * The model card (README.md) of an export, after Hugging Face's form: a YAML head that their tools read, then what
 * it is, how it scores, how to load it, and how it was made. `ownUsage` says how to load it where this file does not know.
 */
export function modelCard(story: RunStory, kind: CardKind, ownUsage: string | null = null): string {
  const { run, projectName, summary } = story
  const kinds = kindsOf(story)
  const what =
    kind === 'adapter'
      ? `A LoRA adapter for ${inline(run.modelName)}`
      : `${inline(run.modelName)}, every weight as it was after training`
  const sections = [
    head(story, kind),
    `# ${inline(projectName)}: ${inline(run.name)}`,
    `${what}, for ${purposeOf(kinds)}. It was trained with Loracle on ${count(run.splits['train'])} ${kinds.every(isQuestions) ? 'questions' : 'examples'} of the project “${inline(projectName)}”.`,
    '## How to use it',
    ...usage(story, kind, ownUsage),
    '## Scores',
    summary
      ? summary.tasks.map((one) => scores(one.tiles, one, summary.tasks.length > 1)).join('\n\n')
      : 'The run has no held-out questions, so nothing was scored.',
    ...heldIn(story),
    '## Data',
    data(story),
    '## Settings',
    settings(story),
  ]
  return `${sections.join('\n\n')}\n`
}

/** The libraries that load it, by Hugging Face's names. */
const libraries: Readonly<Record<CardKind, string>> = {
  adapter: 'peft',
  model: 'transformers',
  onnx: 'transformers.js',
}

/** The kinds of tasks that the held-out examples are of; without any, questions about a passage. */
function kindsOf({ summary }: RunStory): readonly TaskKind[] {
  const kinds = summary?.tasks.map(({ task }) => task) ?? []
  return kinds.length > 0 ? kinds : ['question-answering']
}

const isQuestions = (kind: TaskKind): boolean => kind === 'question-answering'

function purposeOf(kinds: readonly TaskKind[]): string {
  if (kinds.every(isQuestions)) return 'answering questions about a passage'
  return kinds.map((kind) => (kind === 'text' ? 'other texts' : tasks[kind].label.toLowerCase())).join(', ')
}

function exampleOf(kinds: readonly TaskKind[]): string {
  const kind = taskKinds.find((one) => kinds.includes(one) && !isQuestions(one)) ?? 'text'
  const shown = (template: string) => template.replace(/\{(\w+)\}/g, '<$1>')
  return `${shown(tasks[kind].instruction ?? '')}\n\n${shown(tasks[kind].input)}`
}

/** Hugging Face's name for what the model does. */
function pipelineOf(architecture: RunStory['architecture'], kinds: readonly TaskKind[]): string {
  if (architecture === 'causal') return 'text-generation'
  const [only, ...others] = kinds
  if (others.length > 0) return 'text2text-generation'
  if (only === 'question-answering') return 'question-answering'
  if (only === 'summarisation') return 'summarization'
  return only === 'translation' ? 'translation' : 'text2text-generation'
}

function head(story: RunStory, kind: CardKind): string {
  const { run } = story
  const kinds = kindsOf(story)
  const pipeline = pipelineOf(story.architecture, kinds)
  const entries = [
    `base_model: ${scalar(run.modelName)}`,
    `library_name: ${libraries[kind]}`,
    `pipeline_tag: ${pipeline}`,
    `tags: [${[...(kind === 'adapter' ? ['lora'] : kind === 'onnx' ? ['onnx'] : []), pipeline, ...(kinds.some(isQuestions) ? ['squad'] : []), 'loracle'].join(', ')}]`,
  ]
  return `---\n${entries.join('\n')}\n---`
}

/** How it is asked and loaded; in a sentence where the model is of a kind that is not known any more. */
function usage(story: RunStory, kind: CardKind, ownUsage: string | null): readonly string[] {
  const kinds = kindsOf(story)
  const questions = kinds.some(isQuestions)
  const own = ownUsage === null ? [] : [ownUsage.trimEnd()]
  const { architecture } = story
  if (architecture === null)
    return own.length > 0
      ? own
      : ['Load it with Transformers, an adapter with PEFT on top of its base model.']
  const taskExample = kinds.every(isQuestions) ? null : exampleOf(kinds)
  return [
    ...promptText(architecture, { questions, taskExample }),
    ...(own.length > 0 ? own : [pythonUsage(architecture, { isAdapter: kind === 'adapter', questions })]),
  ]
}

interface Scored {
  readonly task: TaskKind
  readonly questions: number
}

function scores(tiles: readonly ScoreTile[], { task, questions }: Scored, isOneOfSeveral: boolean): string {
  const noun = isQuestions(task) ? 'questions' : 'examples'

  const rows = tiles.map(({ metric, before, after, difference, verdict }) => [
    metricLabels[metric],
    percent(before),
    percent(after),
    `${percent(difference, true)}${verdict === 'noise' ? ', within noise' : ''}`,
  ])
  return [
    `${isOneOfSeveral ? `${tasks[task].label}: over` : 'Over'} ${count(questions)} held-out ${noun}, in percent, with 95 % bootstrap intervals:`,
    '',
    table(['', 'Base model', 'Tuned', 'Difference'], rows),
  ].join('\n')
}

/** Where the base was rounded while training: which weights the scores are of, and which an export has. */
function heldIn({ settings: rows }: RunStory): readonly string[] {
  const held = rows.find(({ name }) => name === 'weightPrecision')
  if (!held?.changed) return []
  return [
    `While training and scoring, the base model’s weights were held as ${cell(settingText(held.value))}. What is exported belongs to the original weights.`,
  ]
}

function data({ run, sources }: RunStory): string {
  const splits = (['train', 'validation', 'test'] as const)
    .map((name) => `${count(run.splits[name])} ${name}`)
    .join(', ')
  const files = sources.map(({ name, kind, examples }) => [
    cell(name),
    kind,
    examples === 0 ? '' : count(examples),
  ])
  return [
    `Questions by split: ${splits}.`,
    ...(files.length > 0 ? ['', table(['Source', 'Kind', 'Questions'], files)] : []),
  ].join('\n')
}

function settings({ settings: rows }: RunStory): string {
  return table(
    ['Setting', 'Value', 'Default'],
    rows.map(({ name, value, defaultValue, changed }) => [
      `\`${name}\``,
      changed ? `**${cell(settingText(value))}**` : cell(settingText(value)),
      cell(settingText(defaultValue)),
    ]),
  )
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A person's text in a line of Markdown: none of its characters means anything, wherever in the line it stands. */
function inline(text: string): string {
  return (
    readable(text)
      .replace(/[\\`*_{}[\]#|~$]/g, '\\$&')
      .replace(/^([-+=]|\d{1,9}(?=[.)]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`))
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      // GitHub and Hugging Face make links of bare addresses.
      .replace(/:(?=\/\/)/g, '&#58;')
      .replace(/(?<=\bwww)\./gi, '&#46;')
      .replace(/(?<=\S)@(?=\S)/g, '&#64;')
  )
}

/** In one line; characters that are none, or turn the direction of the text after them, are made visible. */
function readable(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\u0085]+/g, ' ')
    .trim()
    .replace(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** A text as a YAML scalar in ASCII, since YAML's readers differ in what they take for a line's end or refuse. */
function scalar(text: string): string {
  return JSON.stringify(readable(text)).replace(
    /[^\x20-\x7e]/gu,
    (one) => `\\U${(one.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  )
}

const cell = inline

function percent({ value, low, high }: Interval, signed = false): string {
  const sign = signed && value > 0 ? '+' : ''
  return `${sign}${value.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`
}

function count(value: number | undefined): string {
  return (value ?? 0).toLocaleString('en')
}
