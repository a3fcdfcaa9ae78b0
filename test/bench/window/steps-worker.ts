/** A worker for the window's bench: 50,000 steps at once, then twenty a second, until it is told to stop. */
import type { Report, StopMessage, TrainCommand } from '../../../trainer/protocol.ts'

const total = 100_000
let step = 0

const stepReport = (): Report => {
  step++
  return {
    type: 'step',
    step,
    steps: total,
    epoch: step / 1000,
    loss: 3 * Math.exp(-step / 20_000) + 0.3 * Math.sin(step) ** 2,
    learningRate: 1e-3 * (1 - step / total),
    gradNorm: 1 + 0.2 * Math.cos(step),
    tokensPerSecond: 8000 + 200 * Math.sin(step / 50),
    elapsedSeconds: step / 20,
    secondsLeft: (total - step) / 20,
    rssMb: 900,
    processorPercent: 190,
  }
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: TrainCommand | StopMessage) => {
  if (message.kind === 'stop') process.exit(0)
  if (message.kind !== 'train') return
  process.send?.({ type: 'phase', phase: 'training' } satisfies Report)
  for (let batch = 0; batch < 100; batch++)
    process.send?.({ type: 'batch', reports: Array.from({ length: 500 }, stepReport) })
  setInterval(() => process.send?.(stepReport()), 50)
})
