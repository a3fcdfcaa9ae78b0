import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { marked } from 'marked'
import { describe, expect, test } from 'vitest'
import { modelCard } from '../../../main/export/model-card.ts'
import { kindOfFolder } from '../../../main/export/model-usage.ts'
import { tellRun } from '../../../main/export/run-story.ts'
import type { RunStory } from '../../../main/export/run-story.ts'
import { summarise } from '../../../main/evaluations/summarise.ts'
import { readTrainedRun } from '../../../main/store/trained-run.ts'
import { comparison, seedRun, temporaryStore } from '../../support/stored-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** The story of a stored run whose model folder names an architecture, or is gone. */
async function storyOf(
  modelType: string | null,
  tasks: readonly ('classification' | undefined)[] = [undefined],
) {
  const modelFolder = join(await temporaryFolder(), 'model')
  if (modelType !== null) {
    await mkdir(modelFolder, { recursive: true })
    await writeFile(join(modelFolder, 'config.json'), JSON.stringify({ model_type: modelType }))
  }
  const store = await temporaryStore()
  const comparisons = tasks.map((task, i) => comparison({ id: String(i), ...(task ? { task } : {}) }))
  await seedRun(store, { modelFolder, comparisons })
  const run = await readTrainedRun(store, 'run-1')
  if (!run) throw new Error('There is no run.')
  return tellRun(store, { run, projectName: 'Leaflets', summary: await summarise(store, 'run-1') })
}

const classes = ['AutoModelForSeq2SeqLM', 'AutoModelForCausalLM', 'AutoModelForQuestionAnswering']

describe('the model card', () => {
  test.each([
    ['t5', classes[0], 'question: <your question> context: <the passage>', 'question-answering'],
    ['gpt_neo', classes[1], 'Question: <your question>\nContext: <the passage>\nAnswer:', 'text-generation'],
    ['bert', classes[2], 'noAnswerThreshold', 'question-answering'],
    ['distilbert', classes[2], 'noAnswerThreshold', 'question-answering'],
  ])(
    'of a %s loads it by its own class and asks it as it was trained',
    async (type, own, prompt, pipeline) => {
      const story = await storyOf(type)
      const [adapter, model] = [modelCard(story, 'adapter'), modelCard(story, 'model')]
      for (const card of [adapter, model]) {
        expect(classes.filter((one) => card.includes(one))).toEqual([own])
        expect(card).toContain(prompt)
        expect(card).toContain(`pipeline_tag: ${pipeline}\n`)
      }
      expect(adapter).toContain(
        `PeftModel.from_pretrained(${own}.from_pretrained(base), "path/to/this/folder")`,
      )
      expect(model).not.toContain('peft import')
      expect(model).toContain(`model = ${own}.from_pretrained(folder)`)
      expect(adapter.includes('start_logits')).toBe(own === classes[2])
      expect(adapter.includes('generate')).toBe(own !== classes[2])
    },
  )

  test('writes the lines of Python on one line each', async () => {
    const card = modelCard(await storyOf('gpt_neo'), 'adapter')
    expect(card).toContain(String.raw`prompt = f"Question: {question}\nContext: {passage}\nAnswer:"`)
  })

  test('of tasks shows their prompts with what each kind of model has behind them', async () => {
    const t5 = modelCard(await storyOf('t5', ['classification']), 'model')
    const gptNeo = modelCard(await storyOf('gpt_neo', ['classification']), 'model')
    expect(t5).toContain('```text\nClassify the text.\n\n<text>\n```')
    expect(gptNeo).toContain('```text\nClassify the text.\n\n<text>\nAnswer:\n```')
    expect(gptNeo).toContain(String.raw`prompt = f"{instruction}\n\n{text}\nAnswer:"`)
  })

  test('keeps to a sentence where nobody knows what kind of model it was', async () => {
    const card = modelCard(await storyOf(null), 'adapter')
    expect(classes.filter((one) => card.includes(one))).toEqual([])
    expect(card).toContain('an adapter with PEFT on top of its base model')
  })
})

test('a folder whose configuration is no JSON, or of another architecture, has no known kind', async () => {
  const folder = await temporaryFolder()
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'config.json')
  for (const text of ['{', '[]', '{"model_type":"llama"}']) {
    await writeFile(path, text)
    expect(await kindOfFolder(folder)).toBeNull()
  }
  await writeFile(path, '{"model_type":"distilbert"}')
  expect(await kindOfFolder(folder)).toBe('extractive')
})

test('no name of a run, project, model or file means anything in the card', async () => {
  const story = await storyOf('t5')
  const hostile = [
    'x\n---\nlicense: evil\n---\n# Heading \u{1f600}',
    'a\u0085b: c\u2028d\u2029e\u007f\u0090f\ud800\u0000',
    '\u202egnp.exe\u2066',
    '<img src=x onerror=alert(1)> <!-- &lt;script&gt; &#106;',
    '[a](javascript:alert(1)) ![a](https://evil.example/a.png) <https://evil.example/> `b` ~~c~~ | d | **e** $x$',
    '[a]: https://evil.example/ "t"',
    '- [ ] item\n1. one\n> quote\n```\ncode\n```\n====\n| a | b |\n| - | - |',
    '\\[a\\](b) \\<b> https://evil.example/ www.evil.example a@evil.example',
  ].join('\n\n')
  const [settings] = story.settings
  if (!settings) throw new Error('There are no settings.')
  const named = {
    ...story,
    projectName: hostile,
    run: { ...story.run, name: hostile, modelName: hostile },
    sources: [{ name: hostile, kind: 'dataset', examples: 3 }],
    settings: [{ ...settings, value: hostile, defaultValue: hostile, changed: true }],
  }
  for (const kind of ['adapter', 'model', 'onnx'] as const) {
    const card = modelCard(named, kind)
    const [, head, body] = /^---\n([^]*?)\n---\n([^]*)$/.exec(card) ?? []
    // One entry a line, each a scalar that any reader of YAML takes as it stands: printable ASCII.
    expect(head?.split('\n').map((line) => line.split(':')[0])).toEqual([
      ...['base_model', 'library_name', 'pipeline_tag', 'tags'],
    ])
    expect(head).toMatch(/^[\x20-\x7e\n]*$/)
    // The escapes of YAML 1.2, 5.7, which JSON has but for the one of eight digits.
    const scalar = /^base_model: ("(?:[^"\\]|\\["\\]|\\U[0-9a-f]{8})*")$/m.exec(head ?? '')?.[1]
    expect(scalar).toContain('license: evil --- # Heading \\U0001f600 a b')
    const plain = modelCard({ ...named, ...plainNames(named) }, kind)
    expect(tokensOf(body ?? '')).toEqual(tokensOf(plain.split('\n---\n')[1] ?? ''))
    expect(card).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
  }
})

function plainNames({ run, sources, settings }: RunStory): Partial<RunStory> {
  return {
    projectName: 'plain',
    run: { ...run, name: 'plain', modelName: 'plain' },
    sources: sources.map((one) => ({ ...one, name: 'plain' })),
    settings: settings.map((one) => ({ ...one, value: 'plain', defaultValue: 'plain' })),
  }
}

/** What a reader of Markdown makes of a text, without the words. */
function tokensOf(markdown: string): string[] {
  const kinds: string[] = []
  marked.walkTokens(marked.lexer(markdown), ({ type }) => {
    if (type !== 'text' && type !== 'escape') kinds.push(type)
  })
  return kinds
}
