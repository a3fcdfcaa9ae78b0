import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

/** What is asked of a process: the operation and what it needs. */
export interface Request {
  readonly op: string
  readonly [name: string]: unknown
}

/** A process that answers requests, one at a time. Whoever starts it closes it. */
export interface LineProcess {
  /** @throws Error with the process's own words where it refuses the request, or ends without answering. */
  ask<T>(request: Request, schema: z.ZodType<T>): Promise<T>
  /** The most resident memory that it has had, in MiB. */
  peakRssMb(): Promise<number>
  close(): Promise<void>
}

export interface LineProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Aborting it kills the process. */
  readonly signal: AbortSignal
}

const memorySchema = z.object({ peakRssMb: z.number() })
const failureSchema = z.object({ ok: z.literal(false), error: z.string() })

const secondsToQuit = 10
const keptErrorCharacters = 2000

/** Starts a process that takes one JSON request a line and answers each with a JSON line. */
export function startLineProcess(
  command: string,
  args: readonly string[],
  { env = {}, signal }: LineProcessOptions,
): LineProcess {
  const child = spawn(command, args, { env: { ...process.env, ...env }, signal, stdio: 'pipe' })
  const name = [command, ...args].map((part) => basename(part)).join(' ')
  let failure: Error | null = null
  let errorText = ''
  let pending: { resolve: (line: string) => void; reject: (reason: Error) => void } | null = null
  const fail = (reason: Error) => {
    failure ??= reason
    pending?.reject(failure)
    pending = null
  }
  const closed = new Promise<void>((resolve) => {
    child.on('error', (cause) => {
      fail(new Error(`${name} could not be run: ${cause.message}`))
      if (child.pid === undefined) resolve()
    })
    child.on('close', (code, killedBy) => {
      fail(new Error(`${name} ended (${killedBy ?? `exit code ${code}`}). ${errorText.trim()}`.trim()))
      resolve()
    })
  })
  // A broken pipe is told by the end of the process.
  child.stdin.on('error', () => undefined)
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errorText = (errorText + chunk).slice(-keptErrorCharacters)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    pending?.resolve(line)
    pending = null
  })
  const send = (request: Request): Promise<string> =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure)
      if (pending) return reject(new Error(`${name} still works on the request before.`))
      pending = { resolve, reject }
      child.stdin.write(`${JSON.stringify(request)}\n`)
    })
  const ask = async <T>(request: Request, schema: z.ZodType<T>): Promise<T> => {
    const reply: unknown = JSON.parse(await send(request))
    const failed = failureSchema.safeParse(reply)
    if (failed.success) throw new Error(`${name} could not ${request.op}: ${failed.data.error}`)
    return schema.parse(reply)
  }
  return {
    ask,
    peakRssMb: async () => (await ask({ op: 'memory' }, memorySchema)).peakRssMb,
    async close() {
      if (failure === null && pending === null) void send({ op: 'quit' }).catch(() => undefined)
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), secondsToQuit * 1000)
      await closed
      clearTimeout(timer)
    },
  }
}
