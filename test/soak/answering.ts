/**
 * One answering process that is asked again and again, about texts of every length.
 * `npm run build && npm exec -- node test/soak/answering.ts --questions 3000 --seed 1` prints what it holds and by how
 * much it grows with each hundred questions, and exits 1 where a bound is broken.
 */
import { createAnswering } from '../../main/trainers/answering.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { judge, judgements } from './judge.ts'
import type { Measure } from './judge.ts'
import { processFigures } from './process-figures.ts'
import type { ProcessFigures } from './process-figures.ts'
import { readCounts, runScript } from './script.ts'
import { startTrainer } from './soak-app.ts'
import { writeSoakFiles } from './soak-project.ts'

const { questions, seed, every } = readCounts({ questions: 3_000, seed: 1, every: 50 })

type Row = readonly [name: string, unit: string, of: (figures: ProcessFigures) => number, most: number]

/** The most for one question: of memory 5 kB, which are 15 MB after three thousand; nothing stays open. */
const rows: readonly Row[] = [
  ['own memory', 'MB', ({ anonymousMb }) => anonymousMb, 0.005],
  ['descriptors', '', ({ descriptors }) => descriptors, 0.0005],
  ['threads', '', ({ threads }) => threads, 0.0005],
]

await runScript(async (folder, onEnd) => {
  const { model } = await writeSoakFiles(folder, { seed })
  let pid = -1
  const answering = createAnswering({
    startTrainer: () => {
      const trainer = startTrainer()
      pid = trainer.pid ?? -1
      return trainer
    },
    settings: { threads: 1 },
  })
  onEnd(() => answering.dispose())
  const random = seededRandom(seed, 'questions')
  const sentences = (most: number): string => 'The other is long. '.repeat(1 + Math.floor(random() * most))
  const samples: { x: number; figures: ProcessFigures }[] = []
  const began = performance.now()
  for (let asked = 0; asked < questions; asked++) {
    const contexts = Array.from({ length: 1 + Math.floor(random() * 5) }, () => sentences(40))
    await answering.ask({
      model,
      adapters: [null],
      question: `Which ${'one '.repeat(Math.floor(random() * 8))}is short?`,
      contexts,
      settings: { maxTargetLength: 1 + Math.floor(random() * 12), numBeams: asked % 4 === 0 ? 3 : 1 },
    })
    if (asked % every === 0) samples.push({ x: asked, figures: processFigures(pid) })
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  process.stdout.write(`${questions} questions in ${seconds} s, seed ${seed}\n`)
  const judged = rows
    .map(([name, unit, of, most]): Measure => ({
      name,
      unit,
      most,
      points: samples.map(({ x, figures }) => ({ x, y: of(figures) })),
    }))
    .map(judge)
  const per = { count: 100, name: '100 questions' }
  process.stdout.write(`${judgements(judged, per, { count: 10_000, name: '10,000 questions' })}\n`)
  return judged.flatMap(({ fault }) => fault ?? [])
})
