/**
 * The thread in which foreign files are read. It has a heap of its own with a bound, and can be ended in the middle
 * of whatever it does: neither a damaged nor a hostile file holds up the app or takes it along.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { errorValueOf } from '../../trainers/error-value.ts'
import { packBatch } from '../importing/insert-batch.ts'
import { openImport } from '../importing/open-import.ts'
import { estimateTokens, openTokenCounter } from '../passages/count-tokens.ts'
import { previewMapping } from '../importing/preview.ts'
import { inspect } from '../readers/inspect.ts'
import { batchesAhead, beatEvery } from './reading-task.ts'
import type { ImportTask, ReadingMessage, ReadingTask } from './reading-task.ts'

if (parentPort) await work(parentPort, workerData as ReadingTask)

async function work(port: MessagePort, task: ReadingTask): Promise<void> {
  const send = (message: ReadingMessage): void => port.postMessage(message)
  const beat = setInterval(() => {
    const { user, system } = process.threadCpuUsage()
    send({ kind: 'alive', work: (user + system) / 1000 })
  }, beatEvery)
  try {
    send({ kind: 'done', result: await perform(task, port, send) })
  } catch (thrown) {
    send({ kind: 'failed', error: errorValueOf(thrown) })
  } finally {
    clearInterval(beat)
    port.close()
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
  port.on('message', () => {
    allowed++
    goOn()
  })
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
}
