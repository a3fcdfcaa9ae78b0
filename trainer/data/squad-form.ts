import {
  describeValue,
  faultyRecord,
  isObject,
  readAnswers,
  readExtra,
  readImpossible,
} from './raw-record.ts'
import type { RawRecord } from './raw-record.ts'

/** Whether a list looks like the articles of a SQuAD file: some entry has paragraphs. */
export function isSquadForm(articles: readonly unknown[]): boolean {
  return articles.some((article) => isObject(article) && 'paragraphs' in article)
}

/**
 * The questions of SQuAD's nested articles (Rajpurkar et al. 2016, 2018), in file order.
 *
 * @param prefix What stands before the index of an article in the places: `data`, or nothing.
 */
export function readSquadForm(articles: readonly unknown[], prefix: string): RawRecord[] {
  return articles.flatMap((article, i) => readArticle(article, `${prefix}[${i}]`))
}

/** The questions of one article; `where` is its place, `data[3]`. */
export function readArticle(article: unknown, where: string): RawRecord[] {
  if (!isObject(article))
    return [faultyRecord(where, `An article is expected, not ${describeValue(article)}.`)]
  const { title, paragraphs } = article
  if (!Array.isArray(paragraphs))
    return [faultyRecord(where, `The article's paragraphs are ${describeValue(paragraphs)}, not a list.`)]
  const group = typeof title === 'string' && title.trim() !== '' ? title : `article ${where}`
  return paragraphs.flatMap((paragraph, i) => readParagraph(paragraph, `${where}.paragraphs[${i}]`, group))
}

function readParagraph(paragraph: unknown, where: string, title: string): RawRecord[] {
  if (!isObject(paragraph))
    return [faultyRecord(where, `A paragraph is expected, not ${describeValue(paragraph)}.`)]
  const { context, qas } = paragraph
  if (!Array.isArray(qas))
    return [faultyRecord(where, `The paragraph's questions (qas) are ${describeValue(qas)}, not a list.`)]
  return qas.map((qa: unknown, i) => {
    const place = `${where}.qas[${i}]`
    if (!isObject(qa)) return faultyRecord(place, `A question is expected, not ${describeValue(qa)}.`)
    return {
      where: place,
      fault: null,
      form: 'qa',
      id: qa['id'],
      context,
      question: qa['question'],
      answers: readAnswers(qa).answers,
      answersEmptyByForm: false,
      isImpossible: readImpossible(qa),
      title,
      extra: readExtra(qa),
    }
  })
}
