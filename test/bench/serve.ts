import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { requestSchema } from './messages.ts'
import type { ReceivedRequest } from './messages.ts'

/** Does the work of a request; `memory` and `quit` never come here. */
export type Handle = (request: ReceivedRequest) => Promise<object>

/** Answers the requests on standard input, one after the other, until `quit` or its end. */
export async function serve(handle: Handle): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(handle, line)
    process.stdout.write(`${JSON.stringify(reply)}\n`)
    if (reply === quitting) break
  }
}

const quitting = { ok: true }

async function answer(handle: Handle, line: string): Promise<object> {
  try {
    const request = requestSchema.parse(JSON.parse(line))
    if (request.op === 'quit') return quitting
    if (request.op === 'memory') return { ok: true, peakRssMb: await peakRssMb() }
    return { ok: true, ...(await handle(request)) }
  } catch (thrown) {
    return { ok: false, error: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

/** The most resident memory that this process has had, in MiB. */
async function peakRssMb(): Promise<number> {
  // Linux lets a child's maxRSS begin at its parent's; VmHWM is this program's own.
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const kibibytes = /^VmHWM:\s+(\d+)/m.exec(status)?.[1]
  return (kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes)) / 1024
}
