import type { ExampleRow } from '../../../main/contract/examples.ts'
import { host } from '../../connect.ts'
import { t } from '../../messages/translate.ts'
import { codePointLength } from '../../text/code-points.ts'
import { showError, toast } from '../../state/toasts.svelte.ts'

interface Marked {
  readonly passageId: number
  readonly example: ExampleRow
}

/** Remembers what was marked, so that the newest can be taken back, one after the other. */
export function markedQuestions(projectId: string) {
  let stack: readonly Marked[] = []

  async function remove({ passageId, example }: Marked): Promise<void> {
    stack = stack.filter((one) => one.example.id !== example.id)
    try {
      await host.call('data.removeExample', { projectId, id: example.id })
      toast(t('marking.undone', example.question), {
        action: { label: t('marking.markAgain'), run: () => void again({ passageId, example }) },
      })
    } catch (thrown) {
      showError(thrown)
    }
  }

  async function again({ passageId, example }: Marked): Promise<void> {
    const answer = example.answers[0]
    if (!answer || answer.start === null) return
    const span = { start: answer.start, end: answer.start + codePointLength(answer.text) }
    try {
      const { question } = example
      const marked = await host.call('data.mark', { projectId, passageId, question, ...span })
      stack = [...stack, { passageId, example: marked }]
      toast(t('marking.saved'), { kind: 'good' })
    } catch (thrown) {
      showError(thrown)
    }
  }

  return {
    add(passageId: number, example: ExampleRow): void {
      stack = [...stack, { passageId, example }]
    },
    remove: (passageId: number, example: ExampleRow) => remove({ passageId, example }),
    /** Takes the newest back, and says so; says as well where there is none. */
    async undo(): Promise<void> {
      const last = stack.at(-1)
      if (last) await remove(last)
      else toast(t('marking.nothingToUndo'))
    },
  }
}
