import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { watchTree } from './process-tree.ts'
import type { OpenSide, Side } from './side.ts'

/** A command that is started anew for every step. */
export interface Command {
  readonly command: string
  /** The words after it; `run` counts from 0 and names what may not be written twice. */
  words(run: number): readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** The line on its standard output at which its work is done; null where that is its end. */
  readonly done: ((line: string) => boolean) | null
}

export interface CommandSide {
  readonly name: string
  readonly role: Side['role']
  readonly command: Command
  /** What one step does, such as `questions`. */
  readonly each: Readonly<Record<string, number>>
  readonly signal: AbortSignal
  /** Makes what a run needs; its time is not counted. */
  prepare?(run: number): Promise<void>
  /** Undoes what a run left behind. */
  clean?(run: number): Promise<void>
}

interface Ran {
  readonly milliseconds: number
  readonly processor: number
  readonly peakMb: number
}

const keptErrorCharacters = 500

/**
 * A side whose step is a whole process, from its start to its end or to a line that it writes; what goes on after
 * that line is stopped. The processes that it starts are counted with it.
 */
export function commandSide(side: CommandSide): Side {
  return {
    name: side.name,
    role: side.role,
    async open(): Promise<OpenSide> {
      let runs = 0
      let peakMb = 0
      const once = async () => {
        const run = runs++
        await side.prepare?.(run)
        const ran = await runCommand(side.command, run, side.signal)
        await side.clean?.(run)
        peakMb = Math.max(peakMb, ran.peakMb)
        return ran
      }
      const first = await once()
      return {
        opening: { startSeconds: first.milliseconds / 1000, versions: {} },
        async turn(count) {
          const ran: Ran[] = []
          for (let i = 0; i < count; i++) ran.push(await once())
          const done = Object.entries(side.each).map(([name, value]) => [name, count * value])
          return {
            milliseconds: ran.map(({ milliseconds }) => milliseconds),
            processor: ran.map(({ processor }) => processor),
            done: Object.fromEntries(done),
          }
        },
        peakRssMb: () => Promise.resolve(peakMb),
        close: () => Promise.resolve(),
      }
    },
  }
}

function runCommand(
  { command, words, cwd, env, done }: Command,
  run: number,
  signal: AbortSignal,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(command, words(run), {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what it has started ends with it.
      detached: true,
    })
    const watch = watchTree(child.pid ?? 0)
    let ran: Ran | null = null
    let errors = ''
    const reached = () => {
      const milliseconds = performance.now() - began
      const { processorMs, peakMb } = watch.stop()
      ran ??= { milliseconds, processor: processorMs, peakMb }
    }
    const end = () => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended already.
      }
    }
    signal.addEventListener('abort', end)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-keptErrorCharacters)
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (ran || !done?.(line)) return
      reached()
      end()
    })
    child.once('error', (cause) => {
      watch.stop()
      reject(new Error(`${command} could not be run: ${cause.message}`))
    })
    child.once('close', (code) => {
      signal.removeEventListener('abort', end)
      if (done === null && code === 0) reached()
      else watch.stop()
      if (ran) resolve(ran)
      else
        reject(new Error(`${command} ${words(run)[0] ?? ''} ended with exit code ${code}. ${errors.trim()}`))
    })
  })
}
