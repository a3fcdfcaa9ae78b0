import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { modelCard } from '../../../main/export/model-card.ts'
import { kindOfFolder } from '../../../main/export/model-usage.ts'
import { tellRun } from '../../../main/export/run-story.ts'
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
