import { join } from 'node:path'
import { expect, test } from 'vitest'
import { initializeTrained } from '../../trainer/lora/initialize.ts'
import { saveAdapter } from '../../trainer/lora/save-adapter.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { writeTinyRun } from '../support/tiny-run.ts'
import { jsonLines, start } from './spawn-cli.ts'

test('an adapter is looked into, brought into a project, and answers there', async () => {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const model = await openModel(join(folder, 'model'))
  const { architecture } = model
  const settings = parseSettings({
    rank: 3,
    useDora: true,
    modulesToSave: ['lm_head'],
    targetModules: ['q', 'v'],
  })
  const trained = chooseTrained(architecture, settings)
  const parameters = await initializeTrained(model, trained, 1)
  await saveAdapter(join(folder, 'tuned'), parameters, { baseModel: 'tiny', architecture, trained, settings })
  const loracle = (...args: string[]) =>
    start('main/hosts/cli/main.ts', args, folder, { LORACLE_HOME: join(folder, 'home') }).finished

  const [seen] = await Promise.all([
    loracle('adapter', 'inspect', '--model', 'model', '--adapter', 'tuned'),
    loracle('project', 'create', 'Notes'),
  ])
  expect([seen.code, seen.stdout]).toEqual([
    0,
    'DoRA of rank 3 on 6 layers (q, v), 3,680 values\nKept whole: lm_head.weight\n',
  ])
  const brought = await loracle(
    ...['adapter', 'import', '--project', 'notes', '--adapter', 'tuned', '--model', 'model', '--json'],
  )
  expect(jsonLines(brought.stdout)).toMatchObject([
    { type: 'adapter', run: { name: 'tuned', status: 'finished' }, adapter: { layers: 6, notes: [] } },
  ])
  const asked = await loracle(
    ...[
      'ask',
      '--project',
      'notes',
      '--question',
      'Which is short?',
      '--context',
      'The one is short.',
      '--json',
    ],
  )
  expect([asked.code, jsonLines(asked.stdout).at(-1)]).toMatchObject([0, { type: 'answer' }])
})
