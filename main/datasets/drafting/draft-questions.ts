import { normalizeAnswer } from '../../../trainer/data/normalize-answer.ts'
import { codePointIndex, codePointLength } from '../../../trainer/data/code-points.ts'
import { AppError } from '../../contract/errors.ts'
import type { DraftProgress, DraftRequest, DraftResult } from '../../contract/drafts.ts'
import type { CallContext } from '../../contract/methods.ts'
import type { Store } from '../../store/open.ts'
import type { Answering } from '../../trainers/answering.ts'
import { answerCandidates } from './candidates.ts'
import type { Candidate } from './candidates.ts'
import { cleanQuestion } from './clean-question.ts'
import { draftablePassages, readDraftable } from './draftable-passages.ts'
import type { DraftablePassage } from './draftable-passages.ts'
import { questionPrompt } from './question-prompt.ts'
import { roundTrip } from './round-trip.ts'
import { sentencesAround } from './sentences-around.ts'
import { whoDrafts } from './who-drafts.ts'
import type { WhoDeps, WhoDrafts } from './who-drafts.ts'

export interface DraftDeps extends WhoDeps {
  readonly store: Store
  readonly answering: Pick<Answering, 'ask' | 'write'>
}

/** Most drafts do not stand the check: so many times as many candidates are tried. */
const triedPerDraft = 4
const [fewestPerPassage, mostPerPassage] = [3, 12]
/** How questions are written: short ones, from a few beams. */
const writing = { maxTargetLength: 40, numBeams: 4, noRepeatNgramSize: 3 } as const

const askedBefore = 'The question was there already.'
const passageGone = 'The passage was removed meanwhile.'

/** What is counted while drafting. */
interface Tally {
  candidates: number
  written: number
  kept: number
  latest: DraftProgress['latest']
  readonly refused: Map<string, number>
}

/**
 * Drafts questions about the passages of documents: finds stretches that could be answers, has a question written
 * for each, and keeps those whose answer the model gives back when it is asked. Each is stored at once, so that what
 * was kept stays where the work is cancelled or fails.
 *
 * @throws AppError `data_empty` without a passage, as `whoDrafts` does, `cancelled`, `trainer_crashed`.
 */
export async function draftQuestions(
  deps: DraftDeps,
  request: DraftRequest,
  { emit, signal }: CallContext<DraftProgress>,
): Promise<DraftResult> {
  const started = performance.now()
  const { store } = deps
  const { projectId, sourceId, most } = request
  const who = await whoDrafts(deps, request)
  const passages = await draftablePassages(store, projectId, sourceId)
  if (passages.length === 0)
    throw new AppError(
      'data_empty',
      'There is no document to ask about. Add one on the Data page, or choose another file.',
      { sourceId },
    )
  const wished = Math.ceil((triedPerDraft * most) / passages.length)
  const perPassage = Math.min(mostPerPassage, Math.max(fewestPerPassage, wished))

  const tally: Tally = { candidates: 0, written: 0, kept: 0, latest: null, refused: new Map() }
  let done = 0
  const tell = (): void => {
    const { written, kept, latest } = tally
    emit({ passages: done, passagesTotal: passages.length, written, kept, latest })
  }
  tell()
  for (const id of passages) {
    if (tally.kept >= most) break
    if (signal.aborted) throw new AppError('cancelled', 'Stopped. What was kept so far waits for review.')
    const passage = await readDraftable(store, id)
    if (passage) await draftInPassage(deps, passage, { request, who, perPassage, tally, tell, signal })
    done++
    tell()
  }
  return {
    passages: done,
    candidates: tally.candidates,
    written: tally.written,
    kept: tally.kept,
    refused: [...tally.refused]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason)),
    seconds: (performance.now() - started) / 1000,
  }
}

interface PassageParts {
  readonly request: DraftRequest
  readonly who: WhoDrafts
  readonly perPassage: number
  readonly tally: Tally
  readonly tell: () => void
  readonly signal: AbortSignal
}

async function draftInPassage(
  { store, answering }: DraftDeps,
  passage: DraftablePassage,
  { request, who, perPassage, tally, tell, signal }: PassageParts,
): Promise<void> {
  const { text } = passage
  const known = new Set(passage.answers.map(normalizeAnswer))
  const candidates = answerCandidates(text, perPassage + known.size)
    .filter((candidate) => !known.has(normalizeAnswer(candidate.text)))
    .slice(0, perPassage)
    .map((candidate) => ({ candidate, around: around(text, candidate) }))
  if (candidates.length === 0) return
  tally.candidates += candidates.length
  const { texts } = await answering.write(
    {
      ...who.writer,
      prompts: candidates.map(({ candidate, around: sentences }) =>
        questionPrompt(candidate.text, sentences),
      ),
      settings: writing,
    },
    { signal },
  )
  const refuse = (reason: string): void => {
    tally.refused.set(reason, (tally.refused.get(reason) ?? 0) + 1)
  }
  const asked = new Set(passage.questions)
  for (const [i, { candidate, around: sentences }] of candidates.entries()) {
    if (tally.kept >= request.most) return
    const cleaned = cleanQuestion(texts[i]?.text ?? '', {
      answer: candidate.text,
      kind: candidate.kind,
      text: sentences,
    })
    if ('refused' in cleaned) {
      refuse(cleaned.refused)
      continue
    }
    const { question } = cleaned
    tally.written++
    if (asked.has(question)) {
      refuse(askedBefore)
      continue
    }
    asked.add(question)
    const { model, adapter } = who.reader
    const answer = await answering.ask(
      { model, adapters: [adapter], question, contexts: [text], settings: who.settings },
      { signal },
    )
    const stood = roundTrip(candidate.text, answer)
    if ('refused' in stood) refuse(stood.refused)
    else if (await insertDraft(store, { request, passage, who, candidate, question, score: stood.score })) {
      tally.kept++
      tally.latest = { question, answer: candidate.text }
    } else refuse(passageGone)
    tell()
  }
}

function around(text: string, { text: answer, start }: Candidate): string {
  const index = codePointIndex(text)
  const span = { start: index.toUtf16(start), end: index.toUtf16(start + codePointLength(answer)) }
  return sentencesAround(text, span)
}

interface NewDraft {
  readonly request: DraftRequest
  readonly passage: DraftablePassage
  readonly who: WhoDrafts
  readonly candidate: Candidate
  readonly question: string
  readonly score: number
}

/** False where the passage went meanwhile. */
async function insertDraft(
  store: Store,
  { request, passage, who, candidate, question, score }: NewDraft,
): Promise<boolean> {
  const { changes } = await store.run(
    `INSERT INTO draft (project_id, passage_id, question, answer, start, score, model_name)
     SELECT ?1, p.id, ?3, ?4, ?5, ?6, ?7 FROM passage p JOIN source s ON s.id = p.source_id
     WHERE p.id = ?2 AND p.project_id = ?1 AND s.ready = 1
     ON CONFLICT DO NOTHING`,
    request.projectId,
    passage.id,
    question,
    candidate.text,
    candidate.start,
    score,
    who.name,
  )
  return changes > 0
}
