import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { writePassage } from './sample-passage.ts'
import { runTraining } from './train.ts'

export const quickstart: CliCommand = {
  name: 'quickstart',
  summary: 'Take the bundled sample project and starter model through the whole job.',
  usage: ['[--out DIR] [--json]'],
  options: {
    out: { value: 'DIR', summary: "Where the run's folder is made; ./runs without it." },
    ...jsonOption,
  },
  run: (args, session) => {
    const sample = join(session.root, 'assets', 'sample')
    const settings = join(sample, 'settings.json')
    return runTraining(
      {
        model: join(session.root, 'assets', 'starter'),
        datasets: [{ name: 'data', data: join(sample, 'train.json'), weight: 1 }],
        validation: null,
        tests: ['held-out-wordings', 'held-out-sections'].map((name) => ({
          name,
          data: join(sample, `${name}.json`),
        })),
        out: args.get('out') ?? 'runs',
        name: 'quickstart',
        settings: { file: existsSync(settings) ? settings : null, values: {}, assignments: [] },
      },
      session,
      (question, runDir) => writePassage(sample, question, runDir),
    )
  },
}
