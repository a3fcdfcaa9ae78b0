import type { Interval, ScoreTile } from '../contract/comparisons.ts'
import { settingText } from './run-story.ts'
import type { RunStory } from './run-story.ts'

/** What the card lies beside: a PEFT adapter, or a whole model. */
export type CardKind = 'adapter' | 'model'

/**
 * The model card (README.md) of an export, after Hugging Face's form: a YAML head that their tools read, then what
 * it is, how it scores, how to load it, and how it was made.
 */
export function modelCard(story: RunStory, kind: CardKind): string {
  const { run, projectName, summary } = story
  const what =
    kind === 'adapter'
      ? `A LoRA adapter for ${inline(run.modelName)}`
      : `${inline(run.modelName)}, every weight as it was after training`
  const sections = [
    head(story, kind),
    `# ${inline(projectName)}: ${inline(run.name)}`,
    `${what}, for answering questions about a passage. It was trained with Loracle on ${count(run.splits['train'])} questions of the project “${inline(projectName)}”.`,
    '## How to use it',
    'The prompt holds the question and the passage; the answer is a stretch of the passage, or the word “unanswerable”:',
    '```text\nquestion: <your question> context: <the passage>\n```',
    usage(kind),
    '## Scores',
    summary
      ? scores(summary.tiles, summary.questions)
      : 'The run has no held-out questions, so nothing was scored.',
    '## Data',
    data(story),
    '## Settings',
    settings(story),
  ]
  return `${sections.join('\n\n')}\n`
}

function head({ run }: RunStory, kind: CardKind): string {
  const entries = [
    `base_model: ${JSON.stringify(run.modelName)}`,
    `library_name: ${kind === 'adapter' ? 'peft' : 'transformers'}`,
    'pipeline_tag: question-answering',
    `tags: [${[...(kind === 'adapter' ? ['lora'] : []), 'question-answering', 'squad', 'loracle'].join(', ')}]`,
  ]
  return `---\n${entries.join('\n')}\n---`
}

function usage(kind: CardKind): string {
  const load =
    kind === 'adapter'
      ? [
          'from peft import PeftModel',
          'from transformers import AutoModelForSeq2SeqLM, AutoTokenizer',
          '',
          'base = "path/to/the/base/model"',
          'tokenizer = AutoTokenizer.from_pretrained(base)',
          'model = PeftModel.from_pretrained(AutoModelForSeq2SeqLM.from_pretrained(base), "path/to/this/folder")',
        ]
      : [
          'from transformers import AutoModelForSeq2SeqLM, AutoTokenizer',
          '',
          'folder = "path/to/this/folder"',
          'tokenizer = AutoTokenizer.from_pretrained(folder)',
          'model = AutoModelForSeq2SeqLM.from_pretrained(folder)',
        ]
  const ask = [
    '',
    'prompt = f"question: {question} context: {passage}"',
    'ids = model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=32)',
    'print(tokenizer.decode(ids[0], skip_special_tokens=True))',
  ]
  return ['```python', ...load, ...ask, '```'].join('\n')
}

function scores(tiles: readonly ScoreTile[], questions: number): string {
  const rows = tiles.map(({ metric, before, after, difference, verdict }) => [
    metric === 'f1' ? 'F1' : 'Exact match',
    percent(before),
    percent(after),
    `${percent(difference, true)}${verdict === 'noise' ? ', within noise' : ''}`,
  ])
  return [
    `Over ${count(questions)} held-out questions, in percent, with 95 % bootstrap intervals:`,
    '',
    table(['', 'Base model', 'Tuned', 'Difference'], rows),
  ].join('\n')
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

/** A person's text in a line of Markdown: none of its characters means anything. */
function inline(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]#|~]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
}
const cell = inline

function percent({ value, low, high }: Interval, signed = false): string {
  const sign = signed && value > 0 ? '+' : ''
  return `${sign}${value.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`
}

function count(value: number | undefined): string {
  return (value ?? 0).toLocaleString('en')
}
