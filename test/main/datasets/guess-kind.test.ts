import { describe, expect, test } from 'vitest'
import { createRecordChecker } from '../../../trainer/data/record-checker.ts'
import { freeTaskKinds } from '../../../trainer/data/tasks.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'
import { AppError } from '../../../main/contract/errors.ts'
import { applyMapping } from '../../../main/datasets/mapping/apply-mapping.ts'
import { guessTable } from '../../../main/datasets/mapping/guess-mapping.ts'
import { requireMapping } from '../../../main/datasets/mapping/mapping-fault.ts'
import { missingRoles } from '../../../main/datasets/mapping/missing-roles.ts'

const row = (values: Record<string, unknown>) => ({ where: 'row 2', fault: null, values, end: 0 })
const guess = (records: readonly Record<string, unknown>[]) =>
  guessTable(Object.keys(records[0] ?? {}), records.map(row))

const sentences = [
  'The pump leaks again.',
  'Water drips from the pump.',
  'The cellar is dry.',
  'It rained all day.',
]
const rows = (make: (sentence: string, i: number) => Record<string, unknown>, times = 8) =>
  Array.from({ length: times * sentences.length }, (_, i) => make(`${sentences[i % 4] ?? ''} (${i})`, i))
const long = (i: number) => `${sentences.join(' ')} And so it went on, day after day, for ${i} days.`

describe('the kind of task that columns are taken for', () => {
  test('rows that name another task are of it, even where what should come out stands in the input', () => {
    const leads = rows((text, i) => ({
      task: 'summarisation',
      instruction: 'Shorten.',
      input: `${text} ${long(i)}`,
      targets: [text],
    }))
    expect(guess(leads).mappings[0]?.mapping).toMatchObject({ form: 'task', roles: { task: 'task' } })
    // A column of that name beside a passage, a question and an answer says nothing.
    const questions = rows((text, i) => ({
      type: 'text',
      context: `${text} ${long(i)}`,
      question: 'Who?',
      answer: text,
    }))
    expect(guess(questions).mappings[0]?.mapping.form).toBe('qa')
  })

  test.each<[string, TaskKind | undefined, readonly Record<string, unknown>[]]>([
    ['text and label', 'classification', rows((text, i) => ({ text, label: i % 3 }))],
    [
      'review and sentiment',
      'classification',
      rows((review, i) => ({ review, sentiment: i % 2 ? 'good' : 'bad' })),
    ],
    [
      'pairs with labels',
      'paraphrase-detection',
      rows((one, i) => ({ sentence1: one, sentence2: long(i), label: i % 2 })),
    ],
    [
      'questions in pairs, as Quora has them',
      'paraphrase-detection',
      rows((one, i) => ({ id: i, question1: one, question2: long(i), is_duplicate: i % 2 })),
    ],
    ['pairs without labels', 'paraphrase', rows((one, i) => ({ sentence_1: one, sentence_2: long(i) }))],
    ['a column of paraphrases', 'paraphrase', rows((text, i) => ({ text, paraphrases: long(i) }))],
    [
      'articles and highlights',
      'summarisation',
      rows((text, i) => ({ article: long(i), highlights: text, id: i })),
    ],
    ['dialogues and summaries', 'summarisation', rows((text, i) => ({ dialogue: long(i), summary: text }))],
    ['languages', 'translation', rows((en, i) => ({ 'translation.en': en, 'translation.de': long(i) }))],
    ['instructions', undefined, rows((input, i) => ({ instruction: `Do ${i}`, input, label: i % 2 }))],
    ['free text in a column of labels', undefined, rows((text, i) => ({ text, label: long(i) }))],
    ['questions and answers', undefined, rows((question, i) => ({ question, answer: long(i) }))],
  ])('%s', (_name, kind, records) => {
    const { guessedTask, mappings } = guess(records)
    expect(guessedTask?.task).toBe(kind)
    if (kind === undefined) return
    expect(guessedTask?.reason).toContain('“')
    expect(guessedTask?.confidence).toBeGreaterThan(0.5)
    const mapping = mappings[0]?.mapping
    expect(mapping?.form).toBe('task')
    expect(mapping?.roles.task).toEqual({ constant: kind })
    const [example] = applyMapping(row(records[0] ?? {}), mapping ?? null).map(
      (record) => createRecordChecker('f').add(record).example,
    )
    expect(example).toMatchObject({ form: 'task', task: kind })
    expect(example?.context).not.toBe('')
  })

  test('an id goes along, and single columns are named with their reason', () => {
    const records = rows((one, i) => ({
      id: `q${i}`,
      question1: one,
      question2: long(i),
      is_duplicate: i % 2,
    }))
    const [best] = guess(records).mappings
    expect(best?.mapping.roles).toEqual({
      task: { constant: 'paraphrase-detection' },
      id: 'id',
      instruction: { constant: 'Do the two sentences mean the same?' },
      input: { template: 'sentence1: {question1} sentence2: {question2}' },
      target: 'is_duplicate',
    })
    expect(best?.guesses.map(({ role, column }) => [role, column])).toEqual([
      ['id', 'id'],
      ['target', 'is_duplicate'],
    ])
  })

  test('a column whose cells name kinds gives each row its own', () => {
    const records = [
      { task: 'summarization', instruction: 'Shorten it.', input: long(1), target: 'Rain.' },
      { task: 'text', instruction: 'Say hello.', input: '', target: 'Hello' },
    ]
    const { mappings, guessedTask } = guess(records)
    expect(guessedTask).toBeNull()
    expect(mappings[0]?.mapping.roles).toMatchObject({ task: 'task', instruction: 'instruction' })
    const named = records.map((one) => applyMapping(row(one), mappings[0]?.mapping ?? null)[0]?.task)
    expect(named).toEqual(['summarisation', 'text'])
    const free = guess([{ task: 'Translate it.', input: 'Hello', output: 'Hallo' }]).mappings[0]
    expect(free?.mapping.roles).toMatchObject({ instruction: 'task' })
  })
})

describe('a mapping to any kind', () => {
  test('of a table of questions each kind is complete but those that need two texts and a label', () => {
    const records = rows((answer, i) => ({
      id: i,
      context: `${long(i)} ${answer}`,
      question: `What is ${i}?`,
      answer,
    }))
    const { taskMappings } = guess(records)
    expect(Object.keys(taskMappings)).toEqual([...freeTaskKinds])
    expect(taskMappings['question-generation']?.roles).toMatchObject({
      instruction: { constant: 'Write the question that the answer answers.' },
      input: { template: 'answer: {answer} context: {context}' },
      target: 'question',
    })
    expect(taskMappings['multilingual-qa']?.roles).toMatchObject({
      instruction: 'question',
      input: 'context',
      target: 'answer',
    })
    for (const mapping of Object.values(taskMappings)) {
      expect(missingRoles(mapping)).toEqual([])
      expect(mapping.roles.input).toBeDefined()
    }
  })

  test('a kind that there is not is refused with those that there are', () => {
    const roles = { task: { constant: 'poetry' }, instruction: { constant: 'Rhyme.' }, target: 'a' }
    const check = () => requireMapping({ form: 'task', roles }, ['a'], 'f.csv')
    expect(check).toThrow(AppError)
    expect(check).toThrow(/poetry.*classification/)
  })
})
