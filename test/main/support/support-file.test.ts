import { cp, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openZip } from '../../../main/datasets/archives/zip.ts'
import { connect } from '../../../main/store/connection.ts'
import { writeSupportFile } from '../../../main/support/support-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { tinySettings } from '../../support/tiny-run.ts'
import { addTinyProject, openCalledApp } from '../bad-input-app.ts'
import { jsonLines, start } from '../spawn-cli.ts'

const doctor = { failed: 'not checked here' }

async function contentsOf(path: string): Promise<ReadonlyMap<string, string>> {
  const zip = await openZip(path)
  try {
    const files = new Map<string, string>()
    for (const entry of zip.entries) files.set(entry.name, (await zip.read(entry, 1e7)).toString('utf8'))
    return files
  } finally {
    await zip.close()
  }
}

/** Words that stand in the documents, names and chats of the app below, and nowhere else. */
const secrets = [
  'zanzibar', 'quetzalcoatl', 'marmalade', 'Grünkohl', 'penguin', 'Kowalska', 'xylograph', 'ocelot', '秘密の計画', 'stopword',
] // prettier-ignore

async function openAppWithSecrets() {
  const called = await openCalledApp()
  const { call, home } = called
  const files = await temporaryFolder()
  const tiny = await addTinyProject(called, 'Project Quetzalcoatl of Kowalska')
  const { projectId } = tiny
  const importFile = async (name: string, text: string) => {
    await writeFile(join(files, name), text)
    await call('data.import', {
      projectId,
      file: { path: join(files, name) },
      name: null,
      mapping: null,
      use: 'auto',
    })
  }
  await importFile(
    'penguin.md',
    '# Marmalade\n\nThe treaty of Zanzibar was signed under the old fig tree by two clerks.\n\n秘密の計画は明日の朝に始まる。\n',
  )
  await importFile(
    'ocelot.csv',
    'context,question,answer\nGrünkohl is a xylograph dish.,What is it?,xylograph\n',
  )
  const run = await call('runs.start', {
    projectId,
    modelId: tiny.modelId,
    name: 'Run for Kowalska',
    settings: { ...tinySettings, epochs: 1, stopStrings: ['stopword'] },
  })
  await expect
    .poll(async () => (await call('runs.get', { runId: run.id })).status, { timeout: 50_000 })
    .toBe('finished')
  return { ...called, home, projectId, runId: run.id, files }
}

test('a support file tells of machine, store and runs, and not a word of the documents', async () => {
  const { home, runId, close, app } = await openAppWithSecrets()
  // What a run might say of its data, in quotes and without.
  const line =
    'Left out "Grünkohl is a dish": The treaty of Zanzibar was signed under the old fig tree, see /home/kowalska/ocelot.csv and https://marmalade.example/penguin.'
  const store = await connect(join(home, 'store.sqlite'), 'write')
  await store.run("INSERT INTO run_log (run_id, at, level, text) VALUES (?, 1, 'error', ?)", runId, line)
  const error = { code: 'internal', message: line, details: { stderr: '秘密の計画は明日の朝に始まる' } }
  await store.run("INSERT INTO notice (id, at, error) VALUES ('n', 1, ?)", JSON.stringify(error))
  await store.run('UPDATE run SET error = ? WHERE id = ?', JSON.stringify(error), runId)
  await store.close()
  app.toErrorValue(new Error(line))

  // While the app is open, which holds the home folder.
  const out = join(await temporaryFolder(), 'support.zip')
  const made = await writeSupportFile({ home, version: '1.2.3', doctor, out })
  expect(made.struck).toBeGreaterThanOrEqual(4)
  const files = await contentsOf(out)
  expect([...files.keys()].sort()).toEqual([...made.files].sort())
  const all = [...files].map(([name, text]) => `${name}\n${text}`).join('\n')
  for (const secret of secrets) expect(all.toLowerCase()).not.toContain(secret.toLowerCase())
  expect(all).not.toContain(home)

  expect(files.get('about.json')).toContain('"version": "1.2.3"')
  expect(JSON.parse(files.get('store.json') ?? '')).toMatchObject({
    check: ['ok'],
    rows: { project: 1, run: 1 },
  })
  expect(JSON.parse(files.get('projects.json') ?? '')).toMatchObject([
    {
      number: 1,
      sources: expect.arrayContaining([expect.objectContaining({ format: 'markdown' })]) as unknown,
    },
  ])
  const told = JSON.parse(files.get('runs/1.json') ?? '') as Record<string, unknown>
  expect(told).toMatchObject({
    status: 'finished',
    settings: { rank: tinySettings.rank, stopStrings: '<12 characters>' },
  })
  expect(files.get('runs/1.log')).toMatch(
    /error Left out "…": \[text of a document\], see <path\.csv> and <address>/,
  )
  expect(files.get('runs/1.metrics.jsonl')).toMatch(/^\{"type":"step","step":1,/)
  expect(files.get('logs/app.log')).toMatch(/event: opened .*\n.*event: error .*code: internal/)
  await close()
})

test('what is broken or not there is said, and a file that is there is kept', async () => {
  const { home, close } = await openCalledApp()
  await close()
  const broken = join(await temporaryFolder(), 'home')
  await cp(home, broken, { recursive: true })
  await truncate(join(broken, 'store.sqlite'), 5_000)
  const before = await readFile(join(broken, 'store.sqlite'))
  const out = join(await temporaryFolder(), 'support.zip')
  await writeSupportFile({ home: broken, version: '1', doctor, out })
  const stored = JSON.parse((await contentsOf(out)).get('store.json') ?? '') as Record<string, unknown>
  expect(JSON.stringify(stored)).toMatch(/malformed|corrupt|not a database|disk image/)
  expect(await readFile(join(broken, 'store.sqlite'))).toEqual(before)

  await expect(writeSupportFile({ home: broken, version: '1', doctor, out })).rejects.toMatchObject({
    code: 'name_taken',
  })
  const elsewhere = join(await temporaryFolder(), 'none')
  const other = join(await temporaryFolder(), 'support.zip')
  await writeSupportFile({ home: elsewhere, version: '1', doctor, out: other })
  expect((await contentsOf(other)).get('store.json')).toContain('no store')
  await expect(
    writeSupportFile({ home: elsewhere, version: '1', doctor, out: join(elsewhere, 'a', 'b.zip') }),
  ).rejects.toMatchObject({ code: 'write_failed' })
})

test('loracle doctor --support checks the machine and writes the file', async () => {
  const folder = await temporaryFolder()
  const { code, stdout } = await start(
    'main/hosts/cli/main.ts',
    ['doctor', '--support', '--out', 'out.zip', '--home', 'home', '--json'],
    folder,
    // No graphics driver: only the processor is checked.
    { VK_DRIVER_FILES: folder, VK_ICD_FILENAMES: folder },
  ).finished
  expect([code, jsonLines(stdout).at(-1)]).toEqual([
    0,
    expect.objectContaining({ type: 'support', path: join(folder, 'out.zip') }),
  ])
  const files = await contentsOf(join(folder, 'out.zip'))
  expect(JSON.parse(files.get('doctor.json') ?? '')).toMatchObject({
    providers: expect.arrayContaining([
      expect.objectContaining({ provider: 'cpu', status: 'right' }),
    ]) as unknown,
  })
  expect(await readFile(join(folder, 'out.zip'))).toHaveLength(Number(jsonLines(stdout).at(-1)?.['bytes']))
})
