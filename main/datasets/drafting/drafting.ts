import { AppError } from '../../contract/errors.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { Changes } from '../../store/changes.ts'
import { createProjectWork } from '../../store/project-work.ts'
import { assignSplits } from '../splits/assign-splits.ts'
import { markChanged, publishData, requireProject } from '../project-data.ts'
import { draftOf, listDrafts, readDraft, waitingDrafts } from './draft-rows.ts'
import { draftQuestions } from './draft-questions.ts'
import type { DraftDeps } from './draft-questions.ts'
import { applyVerdict, unchanged } from './review-drafts.ts'

export interface DraftingDeps extends DraftDeps {
  readonly changes: Changes
}

type DraftMethod = 'data.draft' | 'data.drafts' | 'data.reviewDraft' | 'data.reviewAllDrafts'

/** The methods of drafting, and what a project that is to be deleted needs. */
export interface Drafting extends Handlers<DraftMethod> {
  /** Ends the drafting that goes on for a project; what it kept stays. */
  stopProject(projectId: string): Promise<void>
}

const reviewedPerStep = 200

/**
 * Questions that a model drafts from documents, and their review. What waits for review is no example: nothing of it
 * enters training.
 */
export function createDrafting(deps: DraftingDeps): Drafting {
  const { store, changes } = deps
  const atWork = createProjectWork()
  const drafting = new Set<string>()

  return {
    'data.draft': async (request, { emit, signal }) => {
      const { projectId } = request
      if (drafting.has(projectId))
        throw new AppError(
          'busy',
          'Questions are being drafted for this project already. Wait until that is done, or stop it.',
          { projectId },
        )
      drafting.add(projectId)
      try {
        await requireProject(store, projectId)
        return await atWork.during(projectId, signal, (ending) =>
          draftQuestions(deps, request, { emit, signal: ending }),
        )
      } finally {
        drafting.delete(projectId)
        changes.publish('data', projectId)
      }
    },
    'data.drafts': async ({ projectId, state, offset, limit }) => {
      await requireProject(store, projectId)
      return listDrafts(store, projectId, { state, offset, limit })
    },
    'data.reviewDraft': async ({ projectId, id, verdict, question, span }) => {
      await store.transaction(async (writer) => {
        await requireProject(writer, projectId)
        const draft = await readDraft(writer, projectId, id)
        const change = { question, span }
        if (await applyVerdict(writer, projectId, { draft, verdict, change })) {
          await assignSplits(writer, projectId)
          await markChanged(writer, projectId)
        }
      })
      publishData(changes, projectId)
      return draftOf(await readDraft(store, projectId, id))
    },
    'data.reviewAllDrafts': async ({ projectId, verdict }, { signal }) => {
      await requireProject(store, projectId)
      let changed = 0
      try {
        // In steps, so that nothing else has to wait.
        for (let isMore = true; isMore && !signal.aborted;) {
          const count = await store.transaction(async (writer) => {
            const drafts = await waitingDrafts(writer, projectId, reviewedPerStep)
            for (const draft of drafts)
              await applyVerdict(writer, projectId, { draft, verdict, change: unchanged })
            if (verdict === 'keep' && drafts.length > 0) {
              await assignSplits(writer, projectId)
              await markChanged(writer, projectId)
            }
            return drafts.length
          })
          changed += count
          isMore = count === reviewedPerStep
        }
      } finally {
        publishData(changes, projectId)
      }
      if (signal.aborted)
        throw new AppError('cancelled', `Stopped. ${changed} drafts were decided on; the others still wait.`)
      return { changed }
    },
    stopProject: (projectId) => atWork.stop(projectId),
  }
}
