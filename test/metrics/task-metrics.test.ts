import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import type { Example } from '../../trainer/data/example.ts'
import { labelsOf, normalizeLabel, positiveLabel } from '../../trainer/data/labels.ts'
import { readTaskKind, taskKinds, tasks } from '../../trainer/data/tasks.ts'
import type { TaskKind } from '../../trainer/data/tasks.ts'
import { aggregate, packColumn } from '../../trainer/metrics/aggregate.ts'
import { bleuWords, corpusBleu, sentenceBleu } from '../../trainer/metrics/bleu.ts'
import { measureAnswer } from '../../trainer/metrics/measure-answer.ts'
import { stem } from '../../trainer/metrics/porter-stemmer.ts'
import { rouge } from '../../trainer/metrics/rouge.ts'
import type { RougeScores } from '../../trainer/metrics/rouge.ts'
import { scoreAnswers } from '../../trainer/metrics/scores.ts'

interface Golden {
  pairs: { prediction: string; golds: string[]; bleu: number; rouge: RougeScores; stemmed: RougeScores }[]
  corpusBleu: number
  tokenized: [string, string[]][]
  stems: Record<string, string>
  classification: { gold: string[]; given: string[]; accuracy: number; macroF1: number }
  detection: { gold: string[]; given: string[]; accuracy: number; binaryF1: number }
}

const fixture = join(import.meta.dirname, 'fixtures', 'task-golden.json')
const golden = JSON.parse(await readFile(fixture, 'utf8')) as Golden

describe('against sacrebleu, rouge_score, NLTK and scikit-learn', () => {
  it.each(golden.pairs)('$prediction', ({ prediction, golds, bleu, rouge: plain, stemmed }) => {
    expect(sentenceBleu(prediction, golds)).toBeCloseTo(bleu, 9)
    for (const [expected, options] of [
      [plain, {}],
      [stemmed, { stems: true }],
    ] as const) {
      const scores = rouge(prediction, golds, options)
      for (const name of ['rouge1', 'rouge2', 'rougeL', 'rougeLsum'] as const)
        expect(scores[name], name).toBeCloseTo(expected[name], 12)
    }
  })

  test('the BLEU of the corpus', () => {
    const predictions = golden.pairs.map(({ prediction }) => prediction)
    const references = golden.pairs.map(({ golds }) => golds)
    expect(corpusBleu(predictions, references)).toBeCloseTo(golden.corpusBleu, 9)
  })

  test('the words of 13a', () => {
    expect(golden.tokenized.length).toBeGreaterThan(20)
    for (const [text, words] of golden.tokenized) expect(bleuWords(text)).toEqual(words)
  })

  test('stems', () => {
    const words = Object.keys(golden.stems)
    expect(words.length).toBeGreaterThan(500)
    expect(Object.fromEntries(words.map((word) => [word, stem(word)]))).toEqual(golden.stems)
  })

  test('accuracy, macro-F1 and the F1 of one label', () => {
    const { classification, detection } = golden
    expect(scored('classification', classification)).toEqual({
      accuracy: expect.closeTo(classification.accuracy, 10) as number,
      macroF1: expect.closeTo(classification.macroF1, 10) as number,
    })
    expect(scored('paraphrase-detection', detection)).toEqual({
      accuracy: expect.closeTo(detection.accuracy, 10) as number,
      binaryF1: expect.closeTo(detection.binaryF1, 10) as number,
    })
  })
})

function scored(task: TaskKind, { gold, given }: { gold: readonly string[]; given: readonly string[] }) {
  return scoreAnswers(
    gold.map((text) => example(task, [text])),
    given,
  ).tasks?.[0]?.values
}

function example(task: TaskKind, targets: readonly string[]): Example {
  return {
    id: 'x',
    form: task === 'question-answering' ? 'qa' : 'task',
    task,
    context: 'a text',
    question: 'do it',
    answers: targets.map((text) => ({ text, start: null })),
    isImpossible: false,
    group: 'g',
    source: 's',
  }
}

describe('labels', () => {
  test('are compared without case, quotation marks and a full stop; SQuAD would take A for an article', () => {
    expect([' “Positive.” ', 'A', '+', '"', 'not  sure'].map(normalizeLabel)).toEqual([
      'positive',
      'a',
      '+',
      '"',
      'not sure',
    ])
    expect(scoreAnswers([example('classification', ['A'])], ['a.'])).toMatchObject({
      exactMatch: 100,
      f1: 100,
      tasks: [{ task: 'classification', count: 1, values: { accuracy: 100, macroF1: 100 } }],
    })
    expect(scoreAnswers([example('classification', ['A'])], [''])).toMatchObject({ exactMatch: 0, f1: 0 })
  })

  test('an answer that is no label is wrong, and no class of its own; a label of the training data is one', () => {
    const examples = [example('classification', ['a']), example('classification', ['b'])]
    const macroF1 = (second: string, labels = {}) =>
      scoreAnswers(examples, ['a', second], labels).tasks?.[0]?.values.macroF1
    expect(macroF1('anything')).toBe(50)
    expect(macroF1('c')).toBe(50)
    expect(macroF1('c', labelsOf([example('classification', ['c'])]))).toBeCloseTo(100 / 3, 10)
  })

  test('of several accepted labels each is right', () => {
    const [scores] = scoreAnswers([example('classification', ['a', 'b'])], ['b']).tasks ?? []
    expect(scores?.values).toEqual({ accuracy: 100, macroF1: 100 })
  })

  test('the F1 of detection is that of the label that says yes; of more than two labels the mean', () => {
    expect(positiveLabel(['not_equivalent', 'equivalent'].sort())).toBe('equivalent')
    expect(positiveLabel(['false', 'true'])).toBe('true')
    expect(positiveLabel(['x', 'y'])).toBe('y')
    expect(positiveLabel(['0', '1', '2'])).toBeNull()
    const three = ['0', '1', '2'].map((text) => example('paraphrase-detection', [text]))
    expect(scoreAnswers(three, ['0', '1', '1']).tasks?.[0]?.values).toEqual({
      accuracy: expect.closeTo(200 / 3, 10) as number,
      macroF1: expect.closeTo((100 * (1 + 2 / 3 + 0)) / 3, 10) as number,
    })
  })
})

describe('scores of several tasks', () => {
  test('each task is scored by its own metrics, in the order of the table; questions alone have none', () => {
    const question: Example = { ...example('question-answering', ['in Rome']), question: 'Where?' }
    expect(scoreAnswers([question], ['Rome']).tasks).toBeUndefined()
    const mixed = [
      example('summarisation', ['the cats were killed']),
      question,
      example('translation', ['das Haus ist groß']),
      example('text', ['four']),
    ]
    const { tasks: found = [], count } = scoreAnswers(mixed, [
      'a cat was killing',
      'Rome',
      'das Haus ist groß',
      '',
    ])
    expect(count).toBe(4)
    expect(found.map(({ task, values }) => [task, Object.keys(values)])).toEqual([
      ['question-answering', ['f1', 'exactMatch', 'rougeL']],
      ['summarisation', ['rougeL', 'rouge1', 'rouge2', 'rougeLsum']],
      ['translation', ['bleu', 'f1']],
      ['text', ['f1', 'exactMatch', 'rougeL']],
    ])
    // By their stems `cats` is `cat`, and `killed` is `killing`.
    expect(found[1]?.values.rouge1).toBeCloseTo(50, 10)
    expect(found[2]?.values).toEqual({ bleu: expect.closeTo(100, 9) as number, f1: 100 })
    expect(found[3]?.values.f1).toBe(0)
  })

  test('what is right is a matter of the task', () => {
    const right = (task: TaskKind, gold: string, answer: string) =>
      measureAnswer(example(task, [gold]), answer, labelsOf([example(task, [gold])])).right
    expect(right('question-generation', 'When was Rome founded?', 'when was rome built')).toBe(true)
    expect(right('question-generation', 'When was Rome founded?', 'who founded it')).toBe(false)
    expect(right('text', 'four', 'four or five')).toBe(false)
    expect(right('classification', 'four', 'Four.')).toBe(true)
    expect(right('translation', '東京 は 首都', '東京 は')).toBe(true)
  })

  test('every kind of task has metrics, an instruction and templates of its own fields', () => {
    for (const kind of taskKinds) {
      const { metrics, fields, instruction, input, target, right } = tasks[kind]
      expect(metrics.length).toBeGreaterThan(1)
      expect(metrics).toContain(right.metric)
      const named = [instruction ?? '', input, target].join(' ').match(/(?<=\{)\w+(?=\})/g) ?? []
      expect(new Set(named)).toEqual(new Set(fields.map(({ name }) => name)))
    }
    expect(readTaskKind('Question Generation')).toBe('question-generation')
    expect(readTaskKind('summarization')).toBe('summarisation')
    expect(readTaskKind('constructor')).toBeNull()
    expect(readTaskKind('question-answering')).toBeNull()
  })
})

test('a metric over rows that come several times weighs them so', () => {
  const column = packColumn('bleu', [
    [4, 4, 4, 3, 2, 1, 4, 3, 2, 1],
    [4, 4, 0, 0, 0, 0, 4, 3, 2, 1],
  ])
  expect(aggregate(column, Float64Array.of(2, 0))).toBeCloseTo(100, 10)
  expect(aggregate(column, Float64Array.of(0, 2))).toBe(0)
  expect(aggregate(column)).toBeCloseTo(50, 10)
  expect(aggregate(packColumn('f1', []))).toBe(0)
})
