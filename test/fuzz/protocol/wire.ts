import { connect } from 'node:net'
import { randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { createCounting } from './protocol-summary.ts'
import type { Counting, ProtocolOptions, ProtocolSummary } from './protocol-summary.ts'
import { startWireHost } from './wire-host.ts'
import type { WireHost } from './wire-host.ts'

/** What a hostile client does on one connection. */
export interface WireCase {
  /** Written one after the other, with a rest between them. */
  readonly pieces: readonly Buffer[]
  /** Whether it breaks off, so that no answer is to be waited for. */
  readonly isCut: boolean
  /** Whether a success is no fault: the token is in it, on purpose or by chance. */
  readonly mayEnter: boolean
}

/** How a target makes its cases, and reads what came back: outcomes, and a fault or null. */
export interface WireTarget {
  makeCase(random: Random, host: WireHost): WireCase
  read(
    answer: Buffer,
    played: WireCase,
  ): { readonly outcomes: readonly string[]; readonly fault: string | null }
}

const atOnce = 48
const checkEvery = 2_000
/** Milliseconds after which what was not answered is left, as by a client that goes away: of one that breaks off, of others. */
const patience = { cut: 250, whole: 3_000 }

/**
 * Writes bytes to a real web host as no client would. It must go on serving its owner, answer nothing with a fault of
 * its own, let nobody in without the token, and write nothing beside its uploads.
 */
export async function fuzzWire(target: WireTarget, options: ProtocolOptions): Promise<ProtocolSummary> {
  const { seed, from, count, onProgress } = options
  const counting = createCounting(options)
  let index = from
  const outOfReach = (thrown: unknown): void => {
    counting.fault(index, `out of reach: ${thrown instanceof Error ? String(thrown.stack) : String(thrown)}`)
  }
  process.on('uncaughtException', outOfReach).on('unhandledRejection', outOfReach)
  const host = await startWireHost()
  try {
    while (index < from + count) {
      const end = Math.min(from + count, index + checkEvery)
      const play = async (): Promise<void> => {
        while (index < end) {
          const mine = index++
          await playCase(target, { host, counting, index: mine, random: randomOf(seed, mine) })
        }
      }
      await Promise.all(Array.from({ length: atOnce }, play))
      const fault = await host.check()
      if (fault !== null) counting.fault(index - 1, `in the last ${checkEvery} cases: ${fault}`)
      counting.measure(index - from)
      onProgress?.(index - from)
    }
  } finally {
    await host.close()
    process.off('uncaughtException', outOfReach).off('unhandledRejection', outOfReach)
  }
  return counting.summary(count)
}

interface Playing {
  readonly host: WireHost
  readonly counting: Counting
  readonly index: number
  readonly random: Random
}

async function playCase(target: WireTarget, { host, counting, index, random }: Playing): Promise<void> {
  const played = target.makeCase(random, host)
  const ended = counting.begin(index)
  const { answer, isClosed } = await converse(played, host.port)
  ended()
  const { outcomes, fault } = target.read(answer, played)
  for (const outcome of outcomes) counting.outcome(outcome)
  counting.outcome(isClosed ? 'closed' : 'left')
  const text = answer.toString('latin1')
  const story = (): string => JSON.stringify(Buffer.concat(played.pieces).toString('latin1').slice(0, 1_500))
  if (fault !== null) counting.fault(index, `${fault} for ${story()}`)
  if (text.includes(host.secret)) counting.fault(index, `a file from beside the window for ${story()}`)
}

interface Conversation {
  readonly answer: Buffer
  /** By the host. */
  readonly isClosed: boolean
}

function converse({ pieces, isCut }: WireCase, port: number): Promise<Conversation> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port })
    const end = (isClosed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ answer: Buffer.concat(chunks), isClosed })
    }
    let timer: NodeJS.Timeout | undefined
    // Where it said something, the rest comes soon.
    const rest = (milliseconds: number): void => {
      clearTimeout(timer)
      timer = setTimeout(() => void look(chunks.length), milliseconds)
    }
    // The host is in this process: where the loop was held up, its answer is still to be written and read.
    const look = async (known: number): Promise<void> => {
      for (let round = 0; round < 6; round++) await new Promise((next) => setImmediate(next))
      if (chunks.length === known) end(false)
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      rest(12)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => end(true))
    const write = (at: number): void => {
      const piece = pieces[at]
      if (piece === undefined || socket.destroyed) rest(isCut ? patience.cut : patience.whole)
      else socket.write(piece, () => setTimeout(() => write(at + 1), pieces.length > 1 ? 2 : 0))
    }
    socket.once('connect', () => write(0))
  })
}
