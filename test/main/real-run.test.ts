import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { tinySettings, writeTinyRun } from '../support/tiny-run.ts'
import { start } from './spawn-cli.ts'
import type { Finished } from './spawn-cli.ts'

const cli = (args: readonly string[]) => start('main/hosts/cli/main.ts', args)
const events = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; runDir?: string; step?: number })

/** A run of the real trainer with everything that draws at random, saved at every third step. */
async function prepare() {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const settings = Object.entries(tinySettings).map(([name, value]) => `--set=${name}=${value}`)
  const args = (out: string, ...more: readonly string[]) => [
    ...['train', '--json', '--model', join(folder, 'model'), '--data', join(folder, 'train.json')],
    ...['--test', join(folder, 'validation.json'), '--out', join(folder, out), ...settings, ...more],
  ]
  return { folder, args }
}
const adapterOf = (runDir: string) => readFile(join(runDir, 'adapter/adapter_model.safetensors'))

test('the real trainer, from the command line: train, summary, evaluate, predict, score, ask', async () => {
  const { folder, args } = await prepare()
  const trained = await cli(args('runs')).finished
  expect(trained.code).toBe(0)
  const summary = events(trained.stdout).at(-1)
  expect(summary).toMatchObject({ type: 'summary', before: { count: 5 }, after: { count: 5 }, steps: 15 })
  const adapter = join(summary?.runDir ?? '', 'adapter')
  const model = ['--model', join(folder, 'model'), '--adapter', adapter]
  const data = ['--data', join(folder, 'validation.json')]
  const evaluated = await cli(['evaluate', '--json', ...model, ...data]).finished
  expect(events(evaluated.stdout).at(-1)).toMatchObject({
    type: 'result',
    kind: 'evaluate',
    scores: { count: 5 },
  })
  const out = join(folder, 'predictions.json')
  expect((await cli(['predict', '--json', ...model, ...data, '--out', out]).finished).code).toBe(0)
  expect(Object.keys(JSON.parse(await readFile(out, 'utf8')) as object)).toHaveLength(5)
  const scored = await cli(['score', '--json', ...data, '--predictions', out]).finished
  expect(events(scored.stdout).at(-1)).toMatchObject({ squad: { total: 5 }, missing: 0 })
  const asked = await cli([
    'ask',
    '--json',
    ...model,
    '--question',
    'Which?',
    '--context',
    'The one is short.',
  ]).finished
  expect(events(asked.stdout).at(-1)).toMatchObject({ type: 'result', kind: 'ask', windows: 1 })
})

test.skipIf(process.platform === 'win32')(
  'Ctrl-C saves and says how to go on, and the resumed run ends with the same bytes',
  async () => {
    const { args } = await prepare()
    // A tiny run may be over before the signal comes: then one that takes longer is stopped.
    const stopAtWork = async (epochs: number): Promise<{ epochs: string; stopped: Finished }> => {
      const long = `--set=epochs=${epochs}`
      const running = cli(args(`stopped-${epochs}`, long))
      await running.sees('"type":"step"')
      running.child.kill('SIGINT')
      const stopped = await running.finished
      return stopped.code === 0 && epochs < 5000 ? stopAtWork(epochs * 4) : { epochs: long, stopped }
    }
    const { epochs, stopped } = await stopAtWork(80)
    const whole = await cli(args('whole', epochs)).finished
    expect(stopped.code).toBe(130)
    const runDir = events(stopped.stdout)[0]?.runDir ?? ''
    expect(stopped.stderr).toContain(`train --resume ${runDir}`)
    const resumed = await cli(['train', '--resume', runDir, '--json']).finished
    expect(resumed.code).toBe(0)
    const expected = await adapterOf(events(whole.stdout)[0]?.runDir ?? '')
    expect((await adapterOf(runDir)).equals(expected)).toBe(true)
  },
)
