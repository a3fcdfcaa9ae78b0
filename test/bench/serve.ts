import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { z } from 'zod'

/** Checks a request and does its work. */
export type Handler = (request: unknown) => Promise<object> | object

/** A handler of requests of one form. */
export function handler<T>(schema: z.ZodType<T>, work: (request: T) => Promise<object> | object): Handler {
  return (request) => work(schema.parse(request))
}

const operationSchema = z.looseObject({ op: z.string() })
const quitting = { ok: true }

/** Answers the requests on standard input by their `op`, one after the other, until `quit` or its end. */
export async function serve(handlers: Readonly<Record<string, Handler>>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(handlers, line)
    process.stdout.write(`${JSON.stringify(reply)}\n`)
    if (reply === quitting) break
  }
}

async function answer(handlers: Readonly<Record<string, Handler>>, line: string): Promise<object> {
  try {
    const request = operationSchema.parse(JSON.parse(line))
    if (request.op === 'quit') return quitting
    if (request.op === 'memory') return { ok: true, peakRssMb: await peakRssMb() }
    const work = handlers[request.op]
    if (!work) throw new Error(`There is no operation ${request.op} here.`)
    return { ok: true, ...(await work(request)) }
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
