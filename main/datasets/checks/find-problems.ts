import type { ExampleForm } from '../../../trainer/data/example.ts'
import type { ExampleAnswer } from '../../contract/examples.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { Reader } from '../../store/connection.ts'
import { isReady } from '../project-data.ts'
import { plainProposal } from '../mending/proposals.ts'
import { compareRows } from './compare-rows.ts'
import type { ComparedRow } from './compare-rows.ts'
import { findLikeContexts } from './like-contexts.ts'
import type { Pace } from './pace.ts'
import { keyOf, plainAnswers, plainQuestion } from './question-key.ts'
import type { SetProblem } from './set-problem.ts'

interface ExampleFacts {
  readonly id: number
  readonly passageId: number
  readonly question: string
  readonly answers: string
  readonly split: SplitName
  readonly form: ExampleForm
  readonly contextWords: number
}

export interface CheckOptions {
  /** Tokens that the model reads at once; null where there is none to go by. */
  readonly window: number | null
  readonly pace: Pace
}

const perRead = 500
/** Tokens of a window that the prompt and a question take. */
const promptTokens = 48
/** Inputs of tasks that are shorter are words, not texts: that they come again means nothing. */
const fewestInputWords = 8
/** A question with fewer telling words may be asked about many things. */
const fewestQuestionWords = 4
/** Findings of one kind that are listed; where there are more, something is wrong as a whole. */
const mostOfAKind = 50_000
const comparedAtOnce = 100

/**
 * Looks at all examples of a project for what no row shows by itself. Memory grows by some 300 bytes an example.
 *
 * @throws AppError `cancelled`
 */
export async function findSetProblems(
  store: Reader,
  projectId: string,
  { window, pace }: CheckOptions,
): Promise<SetProblem[]> {
  const most = window === null ? null : Math.max(1, window - promptTokens)
  const contexts = await findLikeContexts(store, projectId, { most, pace })
  const asked = new Map<string, number[]>()
  const held = { clusters: new Map<number, number>(), answers: new Map<string, number>() }
  const train: { id: number; cluster: number | null; answer: string | null }[] = []
  const problems = createList()

  for await (const row of readFacts(store, projectId)) {
    const cluster = contexts.clusterOf(row.passageId)
    const question = plainQuestion(row.question)
    push(asked, keyOf(row.form, cluster ?? -1, question), row.id)
    const counts = row.form === 'qa' || row.contextWords >= fewestInputWords
    const isTelling = question.split(' ').length >= fewestQuestionWords && row.answers !== '[]'
    const answers = JSON.parse(row.answers) as ExampleAnswer[]
    const answer = isTelling ? keyOf(row.form, question, ...plainAnswers(answers)) : null
    if (row.split === 'train') train.push({ id: row.id, cluster: counts ? cluster : null, answer })
    else {
      if (counts && cluster !== null && !held.clusters.has(cluster)) held.clusters.set(cluster, row.id)
      // A task with an input is another task with another input, though it says and wants the same.
      if (answer !== null && (row.form === 'qa' || row.contextWords === 0) && !held.answers.has(answer))
        held.answers.set(answer, row.id)
    }
    const tokens = contexts.long.get(row.passageId)
    if (tokens !== undefined && window !== null && most !== null)
      problems.add(beyondWindow(row, { tokens, window, most }))
    await pace.rest()
  }

  const leaks = new Map<number, number>()
  for (const { id, cluster, answer } of train) {
    const from = cluster === null ? undefined : held.clusters.get(cluster)
    const other = from ?? (answer === null ? undefined : held.answers.get(answer))
    if (other !== undefined) leaks.set(id, other)
    await pace.rest()
  }
  await addLeaks(store, leaks, problems, pace)
  await addCompared(store, { asked, leaks, told: await readTold(store, projectId) }, problems, pace)
  return problems.all
}

function beyondWindow(
  { id, form }: ExampleFacts,
  { tokens, window, most }: { readonly tokens: number; readonly window: number; readonly most: number },
): SetProblem {
  const about = `The ${form === 'task' ? 'input' : 'context'} has about ${tokens.toLocaleString('en-US')} tokens; the model reads ${window.toLocaleString('en-US')} at once`
  return {
    kind: 'context_beyond_window',
    exampleId: id,
    message:
      form === 'task'
        ? `${about} and does not see the rest.`
        : `${about}, so it is trained on in several windows.`,
    proposal:
      form === 'task'
        ? null
        : plainProposal('text', {
            window: most,
            before: `about ${tokens.toLocaleString('en-US')} tokens`,
            after: `at most ${most.toLocaleString('en-US')} tokens around the answer`,
          }),
  }
}

async function addLeaks(
  store: Reader,
  leaks: ReadonlyMap<number, number>,
  problems: ProblemList,
  pace: Pace,
): Promise<void> {
  const pairs = [...leaks].slice(0, mostOfAKind)
  for (let start = 0; start < pairs.length; start += perRead) {
    const some = pairs.slice(start, start + perRead)
    const places = await readPlaces(
      store,
      some.map(([, other]) => other),
    )
    for (const [exampleId, other] of some)
      problems.add({
        kind: 'split_leak',
        exampleId,
        message: `The same stands in what is held out: ${places.get(other) ?? 'another row'}.`,
        proposal: plainProposal('leave-out'),
      })
    await pace.rest()
  }
}

interface Comparison {
  /** Rows that ask the same about nearly the same context. */
  readonly asked: ReadonlyMap<string, readonly number[]>
  readonly leaks: ReadonlyMap<number, number>
  /** Rows that the check of their own file has called repeated. */
  readonly told: ReadonlySet<number>
}

async function addCompared(
  store: Reader,
  { asked, leaks, told }: Comparison,
  problems: ProblemList,
  pace: Pace,
): Promise<void> {
  for (const ids of asked.values()) {
    if (ids.length < 2) continue
    const rows = await store.all<ComparedRow>(
      `SELECT e.id, e.passage_id AS passageId, e.question, e.answers, e.is_impossible AS isImpossible, e.form,
         e.split, e.place, s.name AS sourceName
       FROM example e JOIN source s ON s.id = e.source_id WHERE e.id IN (SELECT value FROM json_each(?)) ORDER BY e.id`,
      JSON.stringify(ids.slice(0, comparedAtOnce)),
    )
    for (const problem of compareRows(rows)) {
      const isTold = problem.kind === 'near_duplicate' && told.has(problem.exampleId)
      if (!leaks.has(problem.exampleId) && !isTold) problems.add(problem)
    }
    await pace.rest()
  }
}

async function readTold(store: Reader, projectId: string): Promise<Set<number>> {
  const rows = await store.all<{ id: number }>(
    `SELECT example_id AS id FROM problem WHERE project_id = ? AND kind = 'record_duplicate' AND status = 'flagged'
     LIMIT ${mostOfAKind}`,
    projectId,
  )
  return new Set(rows.map(({ id }) => id))
}

async function readPlaces(store: Reader, ids: readonly number[]): Promise<Map<number, string>> {
  const rows = await store.all<{ id: number; place: string; name: string }>(
    `SELECT e.id, e.place, s.name FROM example e JOIN source s ON s.id = e.source_id
     WHERE e.id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(ids),
  )
  return new Map(rows.map(({ id, place, name }) => [id, `${place} of ${name}`]))
}

async function* readFacts(store: Reader, projectId: string): AsyncGenerator<ExampleFacts> {
  for (let after = -1; ;) {
    const rows = await store.all<ExampleFacts>(
      `SELECT id, passage_id AS passageId, question, answers, split, form, context_words AS contextWords
       FROM example WHERE project_id = ?1 AND ${isReady} AND id > ?2 ORDER BY id LIMIT ${perRead}`,
      projectId,
      after,
    )
    yield* rows
    const last = rows.at(-1)
    if (!last) return
    after = last.id
  }
}

interface ProblemList {
  readonly all: SetProblem[]
  add(problem: SetProblem): void
}

function createList(): ProblemList {
  const all: SetProblem[] = []
  const counts = new Map<string, number>()
  return {
    all,
    add(problem) {
      const count = counts.get(problem.kind) ?? 0
      if (count >= mostOfAKind) return
      counts.set(problem.kind, count + 1)
      all.push(problem)
    },
  }
}

function push(map: Map<string, number[]>, key: string, id: number): void {
  const known = map.get(key)
  if (!known) map.set(key, [id])
  else if (known.length < comparedAtOnce) known.push(id)
}
