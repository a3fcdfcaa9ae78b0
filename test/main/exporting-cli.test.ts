import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../main/store/open.ts'
import { readSafetensorsHeader } from '../../trainer/checkpoint/safetensors.ts'
import { goldensFolder } from '../support/goldens.ts'
import { seedRun } from '../support/stored-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { jsonLines, start } from './spawn-cli.ts'

const model = join(goldensFolder, 't5-flan/model')
const adapter = join(goldensFolder, 't5-flan/adapter-qv')

test('a model is exported as ONNX with an adapter in it, once', async () => {
  const folder = await temporaryFolder()
  const run = (...more: string[]) => {
    const args = [
      'export',
      '--model',
      model,
      '--adapter',
      adapter,
      '--format',
      'onnx',
      '--out',
      'made',
      ...more,
    ]
    return start('main/hosts/cli/main.ts', args, folder).finished
  }
  const first = await run('--weights', 'F16', '--json')
  expect(first.code).toBe(0)
  expect(jsonLines(first.stdout).at(-1)).toMatchObject({ kind: 'export-onnx', out: join(folder, 'made') })
  const header = await readSafetensorsHeader(join(folder, 'made/onnx/model.onnx_data'))
  expect(header.entries.get('shared.weight')?.dtype).toBe('F16')
  expect(await readFile(join(folder, 'made/README.md'), 'utf8')).toContain('Transformers.js')
  const again = await run()
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('error [file_invalid]: ')])
  expect(await readdir(folder)).toEqual(['made'])
})

test("a project's newest run is exported, and listed where the window lists it", async () => {
  const home = await temporaryFolder()
  const store = await openStore(home)
  await seedRun(store, { projectName: 'Sea notes', modelFolder: model, outcome: adapter }).finally(() =>
    store.close(),
  )
  const args = ['export', '--project', 'sea notes', '--format', 'onnx', '--home', home, '--json']
  const { code, stdout, stderr } = await start('main/hosts/cli/main.ts', args, home).finished
  expect(code, stderr).toBe(0)
  const folder = join(home, 'exports/Sea notes/First-run-onnx')
  expect(jsonLines(stdout)).toMatchObject([{ type: 'export', kind: 'onnx', path: folder, there: true }])
  expect(await readdir(join(folder, 'onnx'))).toContain('decoder_model_merged.onnx')
})

test.each([
  [['--project', 'p', '--model', 'm', '--format', 'onnx'], 'usage', '--model has no meaning here'],
  [['--model', 'm', '--format', 'onnx', '--weights', 'F8', '--out', 'x'], 'usage', 'F32, F16'],
  [['--model', 'm', '--format', 'onnx', '--out', 'x'], 'file_missing', 'm'],
] as const)('export %j says what is wrong', async (args, code, hint) => {
  const folder = await temporaryFolder()
  const env = { LORACLE_HOME: join(folder, 'home') }
  const { code: exit, stderr } = await start('main/hosts/cli/main.ts', ['export', ...args], folder, env)
    .finished
  expect(exit).toBe(1)
  expect(stderr).toContain(`error [${code}]: `)
  expect(stderr).toContain(hint)
})
