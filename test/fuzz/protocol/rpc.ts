import { maxFrameLength } from '../../../main/rpc/frames.ts'
import { randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { argumentsFor, methods } from './hostile-arguments.ts'
import type { Known } from './hostile-arguments.ts'
import {
  frameText,
  hostileNumber,
  hostileText,
  hostileValue,
  pick,
  prototypeNames,
} from './hostile-values.ts'
import { createCounting } from './protocol-summary.ts'
import type { Counting, ProtocolOptions, ProtocolSummary } from './protocol-summary.ts'
import { openFuzzApp } from './rpc-app.ts'
import type { FuzzApp } from './rpc-app.ts'
import { openSession } from './rpc-session.ts'
import { sweptFolder } from './swept-folder.ts'

/** Cases over one home folder, which starts anew after them: what they did to it must not hide what follows. */
export const casesPerApp = 400
/** By the clock: a sample project alone takes seconds where others share the machine. */
const patience = 50_000

interface Frame {
  readonly text: string
  readonly story: string
}

/**
 * Speaks to the whole app as hostile clients would, each case a connection of its own. Every call must be answered
 * once, with a result or an error of the closed list that is not `internal`, within ten seconds; nothing may be written outside of the home folder
 * and the folders that were named.
 */
export async function fuzzRpc(options: ProtocolOptions): Promise<ProtocolSummary> {
  const { seed, from, count, onProgress } = options
  const counting = createCounting(options)
  const folder = await sweptFolder('loracle-fuzz-rpc-')
  const { fetch: realFetch } = globalThis
  const cwd = process.cwd()
  // A catalogue's id may be hit upon; nothing is to be fetched for it.
  globalThis.fetch = () => Promise.reject(new TypeError('there is no network here'))
  let index = from
  // Something that waits for nothing must be found out, and not end the process.
  const awake = setInterval(() => undefined, 1000)
  const outOfReach = (thrown: unknown): void => {
    counting.fault(index, `out of reach: ${thrown instanceof Error ? String(thrown.stack) : String(thrown)}`)
  }
  process.on('uncaughtException', outOfReach).on('unhandledRejection', outOfReach)
  try {
    while (index < from + count) {
      const fuzzed = await openFuzzApp(folder.path)
      const end = Math.min(from + count, (Math.floor(index / casesPerApp) + 1) * casesPerApp)
      for (; index < end; index++) {
        const ended = counting.begin(index)
        await playCase(fuzzed, { index, random: randomOf(seed, index), counting })
        ended()
      }
      await closeAmidCalls(fuzzed, { index: index - 1, random: randomOf(seed + 1, index), counting })
      const strayed = await fuzzed.strayed()
      if (strayed !== null) counting.fault(index - 1, `in the last ${casesPerApp} cases: ${strayed}`)
      counting.measure(index - from)
      onProgress?.(index - from)
    }
  } finally {
    clearInterval(awake)
    process.off('uncaughtException', outOfReach).off('unhandledRejection', outOfReach)
    globalThis.fetch = realFetch
    process.chdir(cwd)
    await folder.remove()
  }
  return counting.summary(count)
}

interface Playing {
  readonly index: number
  readonly random: Random
  readonly counting: Counting
}

async function playCase({ app, known }: FuzzApp, { index, random, counting }: Playing): Promise<void> {
  const session = openSession(app)
  for (const { text, story } of framesOf(random, known)) {
    session.send(text, story)
    // Some come together, others while the ones before are at work.
    if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const { faults, outcomes } = await session.end({ patience, abrupt: random(12) === 0 })
  for (const fault of faults) counting.fault(index, fault)
  for (const outcome of outcomes) counting.outcome(outcome)
}

function after<Value>(milliseconds: number, value: Value): Promise<Value> {
  return new Promise((resolve) => setTimeout(() => resolve(value), milliseconds).unref())
}

/** Calls on either side of the end of the app: they too get their answers. */
async function closeAmidCalls({ app, known }: FuzzApp, { index, random, counting }: Playing): Promise<void> {
  const session = openSession(app)
  const send = (from: number): void => {
    for (let id = from; id < from + 30; id++) {
      const method = pick(methods, random)
      const args = argumentsFor(method, random, known)
      session.send(
        frameText({ id, method, args }),
        `${method} amid the end: ${frameText(args).slice(0, 500)}`,
      )
    }
  }
  send(0)
  const disposed = app.dispose()
  send(100)
  const late = Symbol('late')
  if ((await Promise.race([disposed, after(patience, late)])) === late)
    counting.fault(index, `the app did not end within ${patience} ms`)
  const { faults } = await session.end({ patience, abrupt: false })
  for (const fault of faults) counting.fault(index, fault)
}

function framesOf(random: Random, known: Known): readonly Frame[] {
  const ids: number[] = []
  return Array.from({ length: pick([1, 1, 2, 4, 8], random) }, () => frameOf(random, { known, ids }))
}

function frameOf(random: Random, { known, ids }: { readonly known: Known; readonly ids: number[] }): Frame {
  const kind = random(100)
  if (kind < 4) return { text: pick(garbage, random)(random), story: 'garbage' }
  if (kind < 12) return told({ id: ids.length > 0 ? pick(ids, random) : random(5), cancel: true })
  if (kind < 18) {
    const name = random(2) === 0 ? pick(prototypeNames, random) : hostileText(random)
    return told({ id: nextId(random, ids), method: name, args: hostileValue(random) })
  }
  const method = pick(methods, random)
  return told({ id: nextId(random, ids), method, args: argumentsFor(method, random, known) })
}

function nextId(random: Random, ids: number[]): unknown {
  const chance = random(60)
  if (chance === 0) return pick([hostileText(random), hostileNumber(random), null, {}, '__proto__'], random)
  if (chance === 1 && ids.length > 0) return pick(ids, random)
  const id = chance === 2 ? Number.MAX_SAFE_INTEGER - ids.length : ids.length
  ids.push(id)
  return id
}

function told(frame: object): Frame {
  const text = frameText(frame)
  return { text, story: text.slice(0, 700) }
}

const garbage: readonly ((random: Random) => string)[] = [
  () => '',
  () => '{',
  () => 'null',
  () => '[]',
  () => '\0',
  (random) => frameText(hostileValue(random)),
  (random) => '['.repeat(10 ** random(7)),
  (random) => `{"id":1,"id":2,"method":"app.info","method":"${pick(prototypeNames, random)}"}`,
  () => '{"__proto__":{"id":1,"method":"app.info"}}',
  () => '{"id":{"valueOf":1},"method":["app.info"]}',
  (random) => (random(20) === 0 ? `"${'x'.repeat(maxFrameLength)}"` : '"x"'),
]
