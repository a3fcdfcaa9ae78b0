import type { Measure } from './judge.ts'
import type { Sample } from './long-run-samples.ts'

/** Bounds are for a thousand steps: eight hours of a run that does a step a second are 28.8 of them. */
const perThousand = 1000

type Row = readonly [
  name: string,
  unit: string,
  of: (sample: Sample) => number,
  most: number | null,
  steady?: number,
]

/**
 * What may grow by how much in a thousand steps. Live memory of JavaScript is counted to the byte after garbage was
 * collected, so little is let pass; resident memory moves by some MB with the allocators' moods, and a bound of half
 * a MB is 10 MB over 20,000 steps. What is only opened and closed may not grow at all: 0.1 in a thousand is two
 * over the whole length, and one that comes and goes is no leak. What is bounded by itself may grow up to there: the
 * host keeps 56 bytes of a step, of 60,000 steps at most, and the page shows 2,000 lines of the log, of seven nodes
 * each, of which this run writes six in a thousand steps.
 */
const rows: readonly Row[] = [
  ['host, live heap', 'MB', ({ host }) => host.heapMb, 0.05],
  ['host, outside the heap', 'MB', ({ host }) => host.externalMb, 0.15],
  ['host, own memory', 'MB', ({ host }) => host.anonymousMb, 0.5],
  ['host, own memory but V8', 'MB', ({ host }) => host.anonymousMb - host.reservedMb, 0.5],
  ['host, descriptors', '', ({ host }) => host.descriptors, 0.1],
  ['host, threads', '', ({ host }) => host.threads, 0.1],
  ['host, timers', '', ({ host }) => host.timers, 0.1],
  ['host, handles', '', ({ host }) => host.handles, 0.1],
  ['trainer, live heap', 'MB', ({ trainer }) => trainer.heapMb, 0.05],
  ['trainer, outside the heap', 'MB', ({ trainer }) => trainer.externalMb, 0.05],
  ['trainer, own memory', 'MB', ({ trainer }) => trainer.anonymousMb, 1],
  ['trainer, own memory but V8', 'MB', ({ trainer }) => trainer.anonymousMb - trainer.reservedMb, 0.5],
  ['trainer, descriptors', '', ({ trainer }) => trainer.descriptors, 0.1],
  ['trainer, threads', '', ({ trainer }) => trainer.threads, 0.1],
  ['page, live heap', 'MB', ({ page }) => page.heapMb, 0.05],
  ['page, nodes', '', ({ page }) => page.nodes, 60],
  ['page, listeners', '', ({ page }) => page.listeners, 0.5],
  ['renderer, own memory', 'MB', (sample) => sample.renderersMb, 0.5],
  // 250 bytes a step, with room for longer numbers; all of a thousand lines alike, so the line explains everything.
  ['metrics.jsonl', 'kB', ({ metricsBytes }) => metricsBytes / 1000, 350, 0.999],
  ['store.sqlite', 'kB', ({ storeBytes }) => storeBytes / 1000, 50],
  ['store.sqlite-wal', 'kB', ({ logBytes }) => logBytes / 1000, 3000],
  ['run folder, files', '', ({ runFiles }) => runFiles, 0.1],
  ['run folder but metrics', 'kB', ({ runBytes, metricsBytes }) => (runBytes - metricsBytes) / 1000, 1],
]

export function measuresOf(samples: readonly Sample[]): readonly Measure[] {
  return rows.map(([name, unit, of, most, steady]) => ({
    name,
    unit,
    points: samples.map((sample) => ({ x: sample.step, y: of(sample) })),
    most: most === null ? null : most / perThousand,
    ...(steady === undefined ? {} : { steady }),
  }))
}
