import { WebSocket } from 'ws'

/** A connection to the inspector of a Node process, started with `--inspect`. */
export interface Inspector {
  /** The value of an expression in the process. */
  evaluate<T>(expression: string): Promise<T>
  /** Frees all that nothing holds any more. */
  collectGarbage(): Promise<void>
  close(): void
}

interface Answer {
  readonly id?: number
  readonly result?: { readonly result?: { readonly value?: unknown } }
  readonly error?: { readonly message: string }
}

/** @param address the one that Node prints: `ws://127.0.0.1:PORT/ID` */
export async function openInspector(address: string): Promise<Inspector> {
  const socket = new WebSocket(address, { perMessageDeflate: false })
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>()
  let lastId = 0
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  socket.on('message', (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer
    if (answer.id === undefined) return
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.error) call?.reject(new Error(answer.error.message))
    else call?.resolve(answer)
  })
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('The inspected process has ended.'))
  })
  const call = (method: string, params: object = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const id = ++lastId
      waiting.set(id, { resolve, reject })
      socket.send(JSON.stringify({ id, method, params }))
    })
  return {
    evaluate: async <T>(expression: string) => {
      const { result } = await call('Runtime.evaluate', { expression, returnByValue: true })
      return result?.result?.value as T
    },
    collectGarbage: async () => {
      await call('HeapProfiler.collectGarbage')
    },
    close: () => socket.close(),
  }
}

/** What JavaScript holds in an inspected process after garbage was collected, and what keeps its loop going. */
export interface HeapFigures {
  /** Without compiled code: more of it is made for as long as functions grow hot, and old code is let go. */
  readonly heapMb: number
  /** What V8 has taken for its heap, filled or not: it follows how much is made, up to a bound, not what is held. */
  readonly reservedMb: number
  /** Memory of array buffers and other things outside of the heap. */
  readonly externalMb: number
  readonly timers: number
  /** Timers aside: sockets, pipes, processes, open files, watches. */
  readonly handles: number
  /** Listeners for the end of the process. */
  readonly exitListeners: number
}

const expression = `(() => {
  const { heapUsed, heapTotal, external } = process.memoryUsage()
  const code = process.getBuiltinModule('v8').getHeapCodeStatistics()
  const resources = process.getActiveResourcesInfo()
  const timers = resources.filter((name) => name === 'Timeout').length
  return {
    heapMb: (heapUsed - code.code_and_metadata_size - code.bytecode_and_metadata_size) / 2 ** 20,
    reservedMb: heapTotal / 2 ** 20,
    externalMb: external / 2 ** 20,
    timers,
    handles: resources.length - timers,
    exitListeners: process.listenerCount('exit'),
  }
})()`

/** Collects garbage and tells what is left; `reservedMb` is what it was before. */
export async function heapFigures(inspector: Inspector): Promise<HeapFigures> {
  const { reservedMb } = await inspector.evaluate<HeapFigures>(expression)
  await inspector.collectGarbage()
  return { ...(await inspector.evaluate<HeapFigures>(expression)), reservedMb }
}
