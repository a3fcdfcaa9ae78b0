/**
 * The thread in which foreign files are read. It has a heap of its own with a bound, and can be ended in the middle
 * of whatever it does: neither a damaged nor a hostile file holds up the app or takes it along.
 */
import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { errorValueOf } from '../../trainers/error-value.ts'
import { packBatch } from '../importing/insert-batch.ts'
import { openImport } from '../importing/open-import.ts'
import { estimateTokens, openTokenCounter } from '../passages/count-tokens.ts'
import { previewMapping } from '../importing/preview.ts'
import { inspect } from '../readers/inspect.ts'
import { batchesAhead, beatEvery } from './reading-task.ts'
import type { HostMessage, ImportTask, ReadingMessage, ReadingTask } from './reading-task.ts'

if (parentPort) serve(parentPort)

/** Reads one file after another, as they are asked for; ended from outside. */
function serve(port: MessagePort): void {
  port.on('message', (message: HostMessage) => {
    if (message.kind === 'task') void work(port, message.task)
  })
}

async function work(port: MessagePort, task: ReadingTask): Promise<void> {
  const send = (message: ReadingMessage): void => port.postMessage(message)
  const tellAlive = (): void => {
    const { user, system } = process.threadCpuUsage()
    send({ kind: 'alive', work: (user + system) / 1000 })
  }
  tellAlive()
  const beat = setInterval(tellAlive, beatEvery)
  try {
    send({ kind: 'done', result: await perform(task, port, send) })
  } catch (thrown) {
    send({ kind: 'failed', error: errorValueOf(thrown) })
  } finally {
    clearInterval(beat)
  }
}

async function perform(task: ReadingTask, port: MessagePort, send: (message: ReadingMessage) => void) {
  const { path, table } = task
  switch (task.kind) {
    case 'inspect':
      return inspect(path, { table })
    case 'preview':
      return previewMapping(path, { table, mapping: task.mapping })
    case 'import':
      await sendBatches(task, port, send)
      return null
  }
}

async function sendBatches(
  task: ImportTask,
  port: MessagePort,
  send: (message: ReadingMessage) => void,
): Promise<void> {
  const { path, tokenizer, ...options } = task
  let allowed = batchesAhead
  let goOn: () => void = () => undefined
  const onMessage = ({ kind }: HostMessage): void => {
    if (kind !== 'next') return
    allowed++
    goOn()
  }
  port.on('message', onMessage)
  const { batches, ...source } = await openImport(path, {
    ...options,
    countTokens: tokenizer === null ? estimateTokens : await openTokenCounter(tokenizer),
    // Cancelled, the whole thread ends.
    signal: new AbortController().signal,
  })
  send({ kind: 'opened', source })
  for await (const batch of batches) {
    if (allowed === 0)
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
    allowed--
    send({ kind: 'batch', batch: { ...packBatch(batch), rows: batch.rows, bytes: batch.bytes } })
  }
  port.off('message', onMessage)
}
