import { freeTaskKinds } from '../../../trainer/data/tasks.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'
import type { ColumnEvidence } from './column-evidence.ts'
import { wordsOf } from './role-names.ts'

const texts = [
  'text',
  'sentence',
  'review',
  'tweet',
  'comment',
  'message',
  'body',
  'content',
  'headline',
  'utterance',
]
const firsts = [
  'sentence1',
  'question1',
  'text1',
  'texta',
  'sentencea',
  'string1',
  '1string',
  'sent1',
  's1',
  'premise',
  'q1',
]
const seconds = [
  'sentence2',
  'question2',
  'text2',
  'textb',
  'sentenceb',
  'string2',
  '2string',
  'sent2',
  's2',
  'hypothesis',
  'q2',
]
const contexts = [
  'context',
  'passage',
  'paragraph',
  'document',
  'article',
  'text',
  'kontext',
  'contexto',
  'contexte',
]
const questions = ['question', 'questions', 'query', 'frage', 'pregunta', 'generatedquestion']
const answers = ['answer', 'answers', 'answertext', 'antwort', 'respuesta', 'reponse']

/** How columns call the parts of each kind of task, without spaces; earlier ones are surer. */
const names: Readonly<Partial<Record<TaskKind, Readonly<Record<string, readonly string[]>>>>> = {
  classification: {
    text: [
      ...texts,
      'document',
      'article',
      'description',
      'input',
      'question',
      'title',
      'texto',
      'texte',
      'satz',
    ],
    label: [
      ...[
        'label',
        'labels',
        'labeltext',
        'class',
        'category',
        'sentiment',
        'intent',
        'emotion',
        'topic',
        'tag',
      ],
      ...['polarity', 'kategorie', 'klasse', 'categoria', 'etiqueta', 'categorie', 'etiquette'],
    ],
  },
  'question-generation': { answer: answers, context: contexts, question: questions },
  paraphrase: {
    text: [...firsts, 'source', 'original', ...texts, 'input'],
    paraphrase: ['paraphrase', 'paraphrases', ...seconds, 'rewrite', 'reformulation', 'target', 'output'],
  },
  'paraphrase-detection': {
    sentence1: firsts,
    sentence2: seconds,
    label: [
      ...[
        'label',
        'isduplicate',
        'isparaphrase',
        'duplicate',
        'paraphrase',
        'quality',
        'similar',
        'similarity',
      ],
      ...['goldlabel', 'relatednessscore', 'score', 'class'],
    ],
  },
  summarisation: {
    document: [
      'document',
      'article',
      'dialogue',
      'dialog',
      ...texts,
      'report',
      'source',
      'story',
      'passage',
      'input',
    ],
    summary: [
      ...[
        'summary',
        'highlights',
        'summaries',
        'abstract',
        'tldr',
        'headline',
        'zusammenfassung',
        'resumen',
        'resume',
      ],
      'target',
    ],
  },
  translation: {
    source: ['source', 'src', 'sourcetext', 'original', ...texts, 'input'],
    translation: [
      'translation',
      'target',
      'tgt',
      'targettext',
      'translated',
      'ubersetzung',
      'traduccion',
      'traduction',
    ],
  },
  'multilingual-qa': { question: questions, context: contexts, answer: answers },
}

/** A column that was found for a part of a task. */
export interface FoundField {
  readonly column: ColumnEvidence
  /** 1 for the surest name, less the further down its list. */
  readonly score: number
}

export type FoundFields = Readonly<Record<string, FoundField>>

/** The columns that go by the names of a kind's parts, each for one of them. */
export function findFields(kind: TaskKind, evidence: readonly ColumnEvidence[]): FoundFields {
  const found: Record<string, FoundField> = {}
  const taken = new Set<string>()
  for (const [field, list] of Object.entries(names[kind] ?? {})) {
    let best: FoundField | null = null
    for (const column of evidence) {
      if (column.filled === 0 || taken.has(column.name)) continue
      const rank = list.indexOf(plainName(column.name))
      const score = rank === -1 ? 0 : 1 - (0.3 * rank) / list.length
      if (score > (best?.score ?? 0)) best = { column, score }
    }
    if (best) {
      found[field] = best
      taken.add(best.column.name)
    }
  }
  return found
}

/** Whether all cells of a column name a kind of task. */
export function namesKinds(
  values: readonly unknown[],
  readKind: (value: unknown) => TaskKind | null,
): boolean {
  const filled = values.filter((value) => value !== null && value !== undefined && value !== '')
  return filled.length > 0 && filled.every((value) => freeTaskKinds.some((kind) => kind === readKind(value)))
}

/** The last name of a path without spaces, in lower case: `meta.Sentence_1` is `sentence1`. */
export function plainName(name: string): string {
  const last = /[.\]]/.test(name) ? (name.split(/[.[\]]+/).findLast((part) => /\D/.test(part)) ?? name) : name
  return wordsOf(last).join('')
}

/** Languages as columns call them. */
const languages = new Set([
  ...[
    'en',
    'de',
    'fr',
    'es',
    'it',
    'pt',
    'nl',
    'ru',
    'zh',
    'ja',
    'ko',
    'ar',
    'tr',
    'pl',
    'sv',
    'da',
    'fi',
    'cs',
    'el',
  ],
  ...['ro', 'hu', 'uk', 'hi', 'vi', 'th', 'id', 'he', 'no', 'bg', 'hr', 'ca'],
  ...[
    'english',
    'german',
    'french',
    'spanish',
    'italian',
    'portuguese',
    'dutch',
    'russian',
    'chinese',
    'japanese',
  ],
  ...['deutsch', 'englisch', 'spanisch', 'franzosisch', 'ingles', 'espanol', 'aleman', 'francais', 'anglais'],
])

/** Two columns of sentences that are called by languages, the first to be translated into the second. */
export function languagePair(
  evidence: readonly ColumnEvidence[],
): readonly [ColumnEvidence, ColumnEvidence] | null {
  const named = evidence.filter(
    ({ name, filled, hasSpaces }) => filled > 0 && hasSpaces && languages.has(plainName(name)),
  )
  const [first, second, ...more] = named
  return first && second && more.length === 0 ? [first, second] : null
}
