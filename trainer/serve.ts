import { answerRequest } from './answer-request.ts'
import type { TrainerContext } from './context.ts'
import { TrainerError, toErrorValue } from './errors.ts'
import { modelKeeper } from './loaded-model.ts'
import type { CancelMessage, RequestMessage, ServeCommand, ServedRequest, ServeResult } from './protocol.ts'
import { requireProvider } from './provider-check.ts'
import { writeRequest } from './write-request.ts'

/** Requests that may wait while one is answered; more are refused as `busy`. */
export const queueBound = 64

interface Waiting {
  readonly id: string
  readonly request: ServedRequest
  readonly cancelling: AbortController
}

/**
 * Answers requests one after another until it is told to stop; the model stays loaded in between. A request that
 * fails is reported and the next one taken.
 *
 * @param listen Is given the listener for requests, those that came early included.
 * @throws TrainerError `provider_unavailable`.
 */
export async function serve(
  { settings }: ServeCommand,
  { report, stop }: TrainerContext,
  listen: (listener: (message: RequestMessage | CancelMessage) => void) => void,
): Promise<ServeResult> {
  const models = modelKeeper(settings)
  let queue: readonly Waiting[] = []
  let current: Waiting | null = null
  let answered = 0
  let wake: () => void = () => undefined
  const fail = (id: string, thrown: unknown) => {
    report({ type: 'request-error', id, error: toErrorValue(thrown) })
  }
  const takeBack = ({ id }: Waiting) => {
    fail(id, new TrainerError('cancelled', 'The question was taken back before its turn.'))
  }

  stop.addEventListener('abort', () => {
    wake()
  })
  await requireProvider(settings)
  listen((message) => {
    const { id } = message
    if (message.kind === 'cancel') {
      if (current?.id === id) current.cancelling.abort()
      queue.filter((waiting) => waiting.id === id).forEach(takeBack)
      queue = queue.filter((waiting) => waiting.id !== id)
    } else if (queue.length >= queueBound) {
      const wayOut = `${queueBound} questions are waiting for their answers already. Ask again when some are answered.`
      fail(id, new TrainerError('busy', wayOut, { waiting: queue.length }))
    } else {
      queue = [...queue, { id, request: message.request, cancelling: new AbortController() }]
      wake()
    }
  })

  try {
    while (!stop.aborted) {
      current = queue[0] ?? null
      queue = queue.slice(1)
      if (!current) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const { id, request, cancelling } = current
      try {
        const signal = AbortSignal.any([stop, cancelling.signal])
        const tell = (column: number) => (text: string) => {
          report({ type: 'answer-token', id, column, text })
        }
        if (request.kind === 'write')
          report({
            type: 'written',
            id,
            ...(await writeRequest(models, request, { settings, signal, onText: tell(0) })),
          })
        else {
          const onToken = (column: number, text: string) => {
            tell(column)(text)
          }
          report({
            type: 'answer',
            id,
            ...(await answerRequest(models, request, { settings, signal, onToken })),
          })
        }
        answered++
      } catch (thrown) {
        fail(id, thrown)
      }
    }
  } finally {
    queue.forEach(takeBack)
    await models.dispose()
  }
  return { type: 'result', kind: 'serve', answered }
}
