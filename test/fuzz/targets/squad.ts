import { damaged, pick, randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { Raw, editJson, hostileValue, printJson, replaced } from '../mutate-json.ts'
import type { JsonObject, JsonValue } from '../mutate-json.ts'
import type { MakeCase } from '../targets.ts'

const context = 'The Größe of 💥 is short. The one is short, the other is long.'

const squad = {
  version: 'v2.0',
  data: [
    {
      title: 'Sizes',
      paragraphs: [
        {
          context,
          qas: [
            { id: 'a', question: 'Which is short?', answers: [{ text: 'The one', answer_start: 25 }], is_impossible: false },
            { id: 'b', question: 'Which is blue?', answers: [], is_impossible: true, plausible_answers: [{ text: 'The one', answer_start: 25 }] },
          ],
        },
      ],
    },
  ],
} // prettier-ignore
const flat = [
  { id: '1', context, question: 'Which?', answers: { text: ['The one', 'one'], answer_start: [25, 29] } },
  {
    id: '2',
    title: 'T',
    task: 'summary',
    instruction: 'Sum up.',
    input: context,
    targets: ['Short.', 'Long.'],
  },
  { text: context, title: 'A text', source: 'a.txt' },
  { context, question: 'What?', answer: 'short' },
]

/** The trainer's own data files in all their forms, with values and sizes that no export has. */
export function squadCases(): Promise<MakeCase> {
  return Promise.resolve((seed, index) => {
    const random = randomOf(seed, index)
    const extension = pick(['.json', '.json', '.jsonl', '.txt'], random)
    const { bytes, story } = pick([edited, edited, edited, lines, answers, texts, places], random)(random)
    const path = `data${extension}`
    if (bytes === null)
      return {
        files: [{ path, link: pick(['/dev/zero', '/dev/tty', path, '/etc/passwd', '/nowhere'], random) }],
        story,
      }
    return { files: [{ path, bytes }], story: `${extension}: ${story}` }
  })
}

interface Hostile {
  /** Null where there is no file of its own. */
  readonly bytes: Buffer | string | null
  readonly story: string
}

function edited(random: Random): Hostile {
  const value: JsonValue = pick<JsonValue>([squad, squad, { data: flat }, flat, squad.data], random)
  return editJson(value, random)
}

function lines(random: Random): Hostile {
  const all = flat.map((record) => JSON.stringify(record))
  const at = random(all.length)
  const record = (flat[at] ?? {}) as JsonObject
  const size = 10 ** random(random(40) === 0 ? 9 : 6)
  return pick<() => Hostile>(
    [
      () => ({ bytes: all.with(at, editJson(record, random).bytes.toString()).join('\n'), story: 'a line edited' }),
      () => ({ bytes: [...all, `{"context":"${'a'.repeat(size)}`].join('\n'), story: `a text of ${size} that does not end` }),
      () => ({ bytes: [...all, `{"context":"${'a '.repeat(size / 2)}","question":"?","answer":"a"}`].join('\n'), story: `a line of ${size}` }),
      () => ({ bytes: [...all, `${'['.repeat(size)}`].join('\n'), story: `${size} brackets` }),
      () => ({ bytes: [...all, `"${'\\'.repeat(size)}`].join('\n'), story: `${size} backslashes` }),
      () => ({ bytes: Array.from({ length: Math.min(size, 100_000) }, () => all[at] ?? '').join('\n'), story: 'one record many times' }),
      () => ({ bytes: '\n'.repeat(size), story: `${size} empty lines` }),
      () => ({ bytes: `${all.join('\n')}\n${'{'.repeat(200)}\n`.repeat(200), story: 'lines that are none' }),
      () => ({ bytes: all.join(pick(['\r', '\u2028', ',', '\0', ' '], random)), story: 'other line ends' }),
      () => damaged(Buffer.from(all.join('\n')), random),
    ],
    random,
  )()
} // prettier-ignore

const starts = ['-1', '0', '1e308', '-1e308', '1e999', 'NaN', '0.5', 'null', '"25"', '9007199254740993', '[25]', 'true', '4294967296'] // prettier-ignore

/** Characters of all answers together. */
const largest = 30_000_000

/** Answers that are many, long, or stand nowhere: what makes looking for them long. */
function answers(random: Random): Hostile {
  const size = 10 ** (1 + random(random(10) === 0 ? 6 : 4))
  const unit = pick(['a', 'ab', 'the ', '💥', 'ä', ' ', '\u0301'], random)
  const long = unit.repeat(Math.ceil(size / unit.length))
  const text = pick<() => string>(
    [
      () => long.slice(0, size / 2) + 'b',
      () => `b${long.slice(0, size / 2)}`,
      () => `${long.slice(0, size / 4)}b${long.slice(0, size / 4)}`,
      () => unit,
      () => long,
      () => '',
      () => ' ',
      () => 'The one',
    ],
    random,
  )()
  const start = () => new Raw(pick(starts, random))
  const many = 10 ** random(random(10) === 0 ? 7 : 4)
  const one = `{"text":${JSON.stringify(text.slice(0, 30))},"answer_start":${pick(starts, random)}},`
  const list =
    random(2) === 0
      ? printJson([{ text, answer_start: start() }])
      : `[${one.repeat(Math.min(many, Math.floor(largest / one.length)))}{"text":"one"}]`
  const questions = random(3) === 0 ? Math.min(300, many, Math.ceil(largest / list.length)) : 1
  const changed = replaced(squad, ['data', 0, 'paragraphs', 0], () => ({
    context: random(3) === 0 ? context : `${long}. ${context}`,
    qas: Array.from({ length: questions }, (_, i) => ({ id: `${i}`, question: 'Which?', answers: new Raw(list) })),
  }))
  return { bytes: printJson(changed), story: `${many} answers · ${size} ${unit}` }
} // prettier-ignore

/** The same file in other encodings, and fields that are everything. */
function texts(random: Random): Hostile {
  const text = JSON.stringify(pick<JsonValue>([squad, flat], random))
  const field = pick(['context', 'question', 'id', 'title', 'answers', 'is_impossible'], random)
  return pick<() => Hostile>(
    [
      () => ({ bytes: `\ufeff${text}`, story: 'a mark' }),
      () => ({ bytes: `\ufeff\ufeff${text}`, story: 'two marks' }),
      () => ({ bytes: Buffer.from(`\ufeff${text}`, 'utf16le'), story: 'UTF-16' }),
      () => ({ bytes: Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), story: 'UTF-16, the other way' }),
      () => ({ bytes: Buffer.from(text, 'utf16le'), story: 'UTF-16 without a mark' }),
      () => ({ bytes: Buffer.from(`\ufeff${text}\ud800`, 'utf16le'), story: 'UTF-16 with half a character' }),
      () => ({ bytes: Buffer.from(text, 'latin1'), story: 'Latin-1' }),
      () => ({ bytes: text.replaceAll('ö', '\\ud800'), story: 'lone surrogates' }),
      () => ({ bytes: text.replaceAll('"a"', '"__proto__"').replaceAll('title', '__proto__'), story: 'prototypes' }),
      () => ({ bytes: text.replaceAll(`"${field}":`, `"${field}":${hostileValue(random).text},"${field}":`), story: `${field} twice` }),
      () => ({ bytes: text.replaceAll(`"${field}":`, `"${field}":${hostileValue(random).text},"x":`), story: `${field} hostile` }),
      () => ({ bytes: text.repeat(1 + random(1000)), story: 'many times' }),
    ],
    random,
  )()
} // prettier-ignore

function places(): Hostile {
  return { bytes: null, story: 'no file' }
}
