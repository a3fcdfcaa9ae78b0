import { appErrorCodes } from '../../../main/contract/errors.ts'
import { readClientFrame } from '../../../main/rpc/frames.ts'
import type { HostedApp } from '../../../main/rpc/hosted-app.ts'
import { serveRpc } from '../../../main/rpc/server.ts'
import { textTransport } from '../../../main/rpc/text-transport.ts'
import { trainerErrorCodes } from '../../../trainer/errors.ts'

const codes: ReadonlySet<string> = new Set(
  [...appErrorCodes, ...trainerErrorCodes].filter((code) => code !== 'internal'),
)

/** A connection as a hostile client has it: it sends texts, and checks that each call gets one answer as promised. */
export interface RpcSession {
  /** Sends a frame's text. @param story what is told of it where its answer is a fault */
  send(text: string, story: string): void
  /** Waits for what is open, cancels what streams, and closes. @returns faults and outcomes */
  end(options: { readonly patience: number; readonly abrupt: boolean }): Promise<SessionReport>
}

export interface SessionReport {
  readonly faults: readonly string[]
  readonly outcomes: readonly string[]
}

/** After so many milliseconds a call is cancelled; one that streams at once, when the others have ended. */
const cancelAfter = 2_000
const streams = /^\w+\.watch/

export function openSession(app: HostedApp): RpcSession {
  const open = new Map<number, { readonly story: string; readonly isStream: boolean }>()
  const faults: string[] = []
  const outcomes: string[] = []
  let mayClose = false
  let isClosed = false
  let changed = Promise.withResolvers<undefined>()
  const change = (): void => {
    changed.resolve(undefined)
    changed = Promise.withResolvers<undefined>()
  }
  const transport = textTransport({
    send: (text) => {
      take(JSON.parse(text) as Record<string, unknown>)
      change()
    },
    close: () => {
      isClosed = true
      if (!mayClose) faults.push('the connection was closed for no reason')
      change()
    },
  })
  const take = (frame: Record<string, unknown>): void => {
    if ('ready' in frame) return
    const id = frame['id'] as number
    const story = open.get(id)?.story
    if (story === undefined) faults.push(`an answer to nothing: ${JSON.stringify(frame).slice(0, 300)}`)
    if ('event' in frame) return
    open.delete(id)
    const error = frame['error'] as { readonly code: string; readonly message: string } | undefined
    outcomes.push(error?.code ?? 'result')
    if (error && (!codes.has(error.code) || error.message.length > 20_000))
      faults.push(`${error.code} (${error.message.slice(0, 300)}) for ${story}`)
  }
  serveRpc(transport, app, { version: '1' })

  const waitFor = async (milliseconds: number, isOver: () => boolean): Promise<void> => {
    const end = performance.now() + milliseconds
    while (!isOver() && !isClosed && performance.now() < end) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, Math.max(0, end - performance.now()))
      })
      await Promise.race([changed.promise, late])
      clearTimeout(timer)
    }
  }

  return {
    send: (text, story) => {
      if (isClosed) return
      const frame = readClientFrame(parsed(text))
      if (!frame) mayClose = true
      else if ('method' in frame) {
        if (open.has(frame.id)) mayClose = true
        else open.set(frame.id, { story, isStream: streams.test(frame.method) })
      }
      transport.receive(text)
    },
    end: async ({ patience, abrupt }) => {
      if (!abrupt) {
        await waitFor(cancelAfter, () => [...open.values()].every(({ isStream }) => isStream))
        for (const id of open.keys()) transport.receive(JSON.stringify({ id, cancel: true }))
        await waitFor(patience, () => open.size === 0)
        if (!isClosed) for (const { story } of open.values()) faults.push(`no answer to ${story}`)
      }
      if (isClosed) outcomes.push('closed')
      mayClose = true
      transport.close()
      return { faults, outcomes }
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
