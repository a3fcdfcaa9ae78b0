/** A worker that reports steps of a training until it is told to stop, then ends as a trainer does. */
import type { Report, StopMessage, TrainCommand, TrainResult } from '../../../trainer/protocol.ts'

const scores = (f1: number) => ({ exactMatch: f1 - 5, f1, rougeL: f1 + 5, count: 2 })
const send = (report: Report): Promise<void> =>
  new Promise((resolve) => process.send?.(report, undefined, undefined, () => resolve()))

process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(1))
process.on('message', (message: TrainCommand | StopMessage) => {
  if (message.kind === 'stop') void finish('cancelled')
  else void work(message)
})

let command: TrainCommand | undefined
let step = 0

async function work(given: TrainCommand): Promise<void> {
  command = given
  await send({ type: 'phase', phase: 'loading' })
  await send({
    type: 'data',
    name: 'train',
    path: given.datasets[0]?.data ?? '',
    records: 12,
    examples: 8,
    dropped: 4,
    mended: 1,
    problems: Array.from({ length: 5 }, (_, i) => ({
      kind: 'answer_missing' as const,
      where: `[${i}]`,
      id: null,
      message: 'has no answer',
      outcome: 'dropped' as const,
    })),
  })
  await send({ type: 'phase', phase: 'training' })
  const ended = given.settings.maxSteps
  const timer = setInterval(() => {
    step++
    void send({
      type: 'step',
      step,
      steps: 400,
      epoch: 1,
      loss: 1.2345,
      learningRate: 1e-3,
      gradNorm: 1,
      tokensPerSecond: 4560,
      elapsedSeconds: step,
      secondsLeft: 72,
      rssMb: 500,
      processorPercent: 100,
    })
    if (step === 2) void send({ type: 'checkpoint', step, path: `${given.runDir}/checkpoints/2` })
    if (step === ended) {
      clearInterval(timer)
      void finish('finished')
    }
  }, 20)
}

async function finish(stopped: TrainResult['stopped']): Promise<void> {
  const runDir = command?.runDir ?? ''
  const scored = stopped === 'finished' && (command?.tests.length ?? 0) > 0
  await send({
    type: 'result',
    kind: 'train',
    runDir,
    adapter: `${runDir}/adapter`,
    stopped,
    step,
    steps: 400,
    bestStep: step,
    seconds: 61,
    tokensPerSecond: 4560,
    peakRssMb: 500,
    before: scored ? scores(20) : null,
    after: scored ? scores(60.5) : null,
    tests: scored
      ? (command?.tests ?? []).map(({ name }) => ({ name, before: scores(20), after: scores(60.5) }))
      : [],
    comparisons: scored
      ? [
          {
            id: 'a',
            set: 'test',
            question: 'Who?',
            base: 'me',
            tuned: 'The  verifier.',
            gold: ['verifier'],
            baseRight: false,
            tunedRight: true,
            baseF1: 0,
            tunedF1: 0,
            baseUnanswerable: false,
            tunedUnanswerable: false,
          },
          {
            id: 'b',
            set: 'test',
            question: 'What?',
            base: 'this',
            tuned: 'that',
            gold: [],
            baseRight: false,
            tunedRight: false,
            baseF1: 0,
            tunedF1: 0,
            baseUnanswerable: false,
            tunedUnanswerable: false,
          },
        ]
      : [],
  })
  process.exit(0)
}
