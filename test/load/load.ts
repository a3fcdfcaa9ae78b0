/**
 * Asks the built local server from many clients at once, with the bundled starter model and questions of the sample
 * project, and prints what it saw: answers, their order, refusals, latencies, memory, and places that were freed.
 * Ends with 1 where a bound is broken. Needs `npm run build`.
 *
 *   npm exec -- node test/load/load.ts --clients 50 --questions 4
 *
 * Bounds: every question is answered (refused ones when they ask again), none in another's place; none is refused
 * where no more wait than may; the answering side's death fails one question; half of the clients vanish and the
 * others are answered; places are free within ten seconds (on a machine however busy), and what was answered is let
 * go within three seconds of processor time, which is one batch of passages; the server's memory stays under 512 MB with its queue full of
 * requests of 800 kB, the answering process's under 1,024 MB. Memory is told on Linux alone.
 */
import { parseArgs } from 'node:util'
import { start } from '../main/spawn-cli.ts'
import type { Running } from '../main/spawn-cli.ts'
import { allAtOnce, crashing, largest, together, vanishing, withExpected } from './phases.ts'
import type { Figures } from './phases.ts'
import { childrenOf, memoryOf, processorMsOf } from './process-figures.ts'
import { sampleQuestions } from './questions.ts'

const maxServerMb = 512
const maxAnsweringMb = 1_024
const maxFreedMs = 10_000
const maxLetGoProcessorMs = 3_000
const queueLimit = 64

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '50' },
    questions: { type: 'string', default: '4' },
    model: { type: 'string', default: 'assets/starter' },
  },
})
const [clients, perClient] = [Number(values.clients), Number(values.questions)]

const server = start('out/main/cli.js', ['serve', '--model', values.model, '--port', '0', '--json'])
const end = (): void => {
  server.child.kill('SIGKILL')
}
process.once('exit', end)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const missed: string[] = []
const check = (holds: boolean, sentence: string): void => {
  if (!holds) missed.push(sentence)
}

try {
  await run(server)
} finally {
  end()
}
for (const sentence of missed) say(`MISSED: ${sentence}`)
say(missed.length === 0 ? 'All bounds hold.' : `${missed.length} bounds are broken.`)
process.exitCode = missed.length === 0 ? 0 : 1

async function run({ child, sees, seen, finished }: Running): Promise<void> {
  await sees('"listening"')
  const { port, key } = JSON.parse(seen()) as { port: number; key: string }
  const pid = child.pid ?? 0
  const target = await withExpected({ port, key }, await sampleQuestions(40))
  const memory = watchMemory(pid)

  const a = await together(target, clients, perClient)
  show(`${clients} clients, ${perClient} questions each, one after the other`, a)
  checkAll('one after the other', a)
  if (clients <= queueLimit) check(a.refused === 0, `${a.refused} were refused although there was room`)

  const b = await allAtOnce(target, clients, perClient)
  show(`${clients} clients, ${perClient} questions each, all at once, ${queueLimit} may wait`, b)
  checkAll('all at once', b)
  check(clients * perClient <= queueLimit + 1 || b.refused > 0, 'nothing was refused beyond the limit')

  const waiting = Math.min(clients, queueLimit)
  const c = await vanishing(target, waiting, () => processorMsOf(childrenOf(pid)[0] ?? 0))
  show(`${c.vanished} of ${waiting + 1} clients vanish`, c)
  say(
    `  places of those who waited free after ${c.freedMs.toFixed(0)} ms; of the one that was answered after ${c.letGoMs.toFixed(0)} ms, ${c.letGoProcessorMs} ms of processor time`,
  )
  check(c.answered === waiting + 1 - c.vanished, `${c.answered} of those who stayed were answered`)
  check(c.orderFaults === 0, `${c.orderFaults} were answered in another's place`)
  check(c.freedMs <= maxFreedMs, `places were free after more than ${maxFreedMs} ms`)
  check(
    c.letGoProcessorMs <= maxLetGoProcessorMs,
    `what was answered was let go after ${c.letGoProcessorMs} ms of processor time`,
  )

  const [answering] = childrenOf(pid)
  if (answering === undefined) say('The answering process cannot be told here: not killed.')
  else {
    const d = await crashing(target, waiting, () => process.kill(answering, 'SIGKILL'))
    show(`the answering process is killed while ${waiting - 1} wait`, d)
    say(`  failed with ${d.failed.join(', ') || 'nothing'}`)
    check(d.failed.join() === '502', `failed with ${d.failed.join()} instead of one 502`)
    check(d.answered === waiting - 1 && d.orderFaults === 0, `${d.answered} others were answered`)
  }

  const held = await largest(target, queueLimit)
  say(`queue full of the longest requests: ${mb(held / 2 ** 20)} held, then none`)

  const peaks = memory.end()
  say(`peak memory: server ${mb(peaks.server)}, answering process ${mb(peaks.answering)}`)
  check(peaks.server <= maxServerMb, `the server took ${mb(peaks.server)}`)
  check(peaks.answering <= maxAnsweringMb, `the answering process took ${mb(peaks.answering)}`)

  const children = childrenOf(pid)
  child.kill('SIGINT')
  const { code } = await finished
  const left = children.filter((id) => memoryOf(id) !== null)
  say(`Ctrl-C: exit code ${code}, ${left.length} processes left`)
  check(code === 0 && left.length === 0, `Ctrl-C left ${left.length} processes, exit code ${code}`)
}

function show(name: string, { asked, answered, orderFaults, refused, latencies }: Figures): void {
  const sorted = latencies.toSorted((x, y) => x - y)
  const at = (share: number): string =>
    `${(sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0)} ms`
  say(
    `${name}:\n  ${answered} of ${asked} answered, ${orderFaults} order faults, ${refused} times 429, median ${at(0.5)}, 95th ${at(0.95)}`,
  )
}

function checkAll(name: string, { asked, answered, orderFaults }: Figures): void {
  check(answered === asked, `${name}: ${answered} of ${asked} were answered`)
  check(orderFaults === 0, `${name}: ${orderFaults} were answered in another's place`)
}

function watchMemory(pid: number) {
  const peaks = { server: 0, answering: 0 }
  const look = (): void => {
    peaks.server = Math.max(peaks.server, memoryOf(pid)?.peak ?? 0)
    for (const id of childrenOf(pid)) peaks.answering = Math.max(peaks.answering, memoryOf(id)?.peak ?? 0)
  }
  const timer = setInterval(look, 200)
  return {
    end: () => {
      clearInterval(timer)
      look()
      return peaks
    },
  }
}

function mb(megabytes: number): string {
  return megabytes === 0 ? 'unknown' : `${megabytes.toFixed(0)} MB`
}
