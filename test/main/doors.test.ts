/** What a hostile client tries over the wire, against the whole app. The long run is test/fuzz/protocol/main.ts. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorValueOf } from '../../main/app.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openCalledApp } from './bad-input-app.ts'

/** What the app keeps of itself comes and goes. */
const isKept = (name: string): boolean => !/^(library|store|lock|logs)/.test(name)

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'result',
    (thrown: unknown) => errorValueOf(thrown).code,
  )

test.each([
  ['a name that is too long', 'x'.repeat(300)],
  ['ways through one another', 'd/'.repeat(1900)],
])('a folder with %s is no internal error', async (_what, name) => {
  const { call, home } = await openCalledApp()
  expect(await codeOf(call('files.list', { path: join(home, name) }))).toBe('file_missing')
})

test('calls amid and after the end of the app are answered with a code', async () => {
  const { call, app } = await openCalledApp()
  const calls = () => [
    codeOf(call('preferences.set', { advanced: false })),
    codeOf(call('projects.createSample', {})),
    codeOf(call('projects.list', {})),
    codeOf(call('runs.list', { projectId: null })),
  ]
  const before = calls()
  const ended = app.dispose()
  const codes = await Promise.all([...before, ...calls()])
  await ended
  codes.push(...(await Promise.all(calls())))
  expect(codes.filter((code) => !['result', 'connection_lost', 'cancelled'].includes(code))).toEqual([])
  expect(codes).toContain('connection_lost')
})

test.skipIf(process.platform === 'win32').each([
  ['config.json', 'a pipe'],
  ['config.json', 'a device without end'],
  ['config.json', 'the memory of a process'],
  ['model.safetensors', 'a pipe'],
  ['model.safetensors', 'a device without end'],
  ['model.safetensors.index.json', 'a pipe'],
  ['README.md', 'a pipe'],
])('a model folder whose %s is %s is refused at once', async (name, what) => {
  const { call } = await openCalledApp()
  const folder = await temporaryFolder()
  const files: Record<string, string> = { 'config.json': '{"model_type":"t5"}', 'model.safetensors': 'x' }
  if (name.includes('index')) delete files['model.safetensors']
  for (const [file, text] of Object.entries(files))
    if (file !== name) await writeFile(join(folder, file), text)
  const path = join(folder, name)
  if (what === 'a pipe') execFileSync('mkfifo', [path])
  else await symlink(what === 'a device without end' ? '/dev/zero' : '/proc/self/mem', path)
  // More of them than there are threads for files: one that waits would hold up everything else.
  const codes = await Promise.all(
    Array.from({ length: 6 }, () => codeOf(call('models.addFolder', { folder }))),
  )
  expect(
    codes.filter(
      (code) => !['file_unreadable', 'file_invalid', 'model_unsupported', 'file_missing'].includes(code),
    ),
  ).toEqual([])
})

test('ids that are paths or names of prototypes lead to nothing', async () => {
  const { call, home } = await openCalledApp()
  await mkdir(join(home, 'uploads', 'kept'), { recursive: true })
  await writeFile(join(home, 'outside.txt'), 'Words.')
  const listed = async () =>
    [await readdir(home), await readdir(join(home, 'uploads'))].flat().filter(isKept).sort()
  const before = await listed()
  for (const id of [
    '..',
    '.',
    '../outside.txt',
    '../..',
    '__proto__',
    'constructor',
    'toString',
    '%2e%2e',
    'a/b',
    'a\\b',
  ]) {
    const codes = await Promise.all([
      codeOf(call('data.inspect', { file: { upload: id } })),
      codeOf(call('data.expand', { file: { upload: id } })),
      codeOf(call('projects.delete', { projectId: id, force: true })),
      codeOf(call('runs.discard', { runId: id })),
      codeOf(call('runs.get', { runId: id })),
      codeOf(call('models.remove', { modelId: id })),
      codeOf(call('models.download', { catalogueId: id })),
      codeOf(call('models.discardDownload', { catalogueId: id })),
      codeOf(call('exports.remove', { exportId: id })),
      codeOf(call('chat.get', { chatId: id })),
      codeOf(call('search.get', { searchId: id })),
      codeOf(call('data.removeMapping', { mappingId: id })),
    ])
    expect([id, codes.filter((code) => !/_missing$/.test(code))]).toEqual([id, []])
  }
  expect(await listed()).toEqual(before)
})

test('columns, roles and settings with the names of prototypes are like any others', async () => {
  const { call, home } = await openCalledApp()
  const { id: projectId } = await call('projects.create', { name: '__proto__' })
  const columns = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  const path = join(home, 'columns.csv')
  await writeFile(path, `${columns.join(',')}\nThe sky is blue.,What is blue?,The sky,x\n`)
  const inspection = await call('data.inspect', { file: { path } })
  // The first cannot be the key of a plain object, and is named by its place.
  expect(inspection.columns.map(({ name }) => name)).toEqual(['column 1', ...columns.slice(1)])
  const mapping = {
    form: 'qa',
    roles: { context: 'column 1', question: 'constructor', answer: 'toString' },
  } as const
  const source = await call('data.import', { projectId, file: { path }, name: null, mapping, use: 'auto' })
  expect(source.examples).toBe(1)
  const readiness = (settings: Record<string, unknown>) =>
    codeOf(call('projects.choose', { projectId, settings }))
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf'])
    expect(await readiness({ [name]: 1 })).toBe('setting_unknown')
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
})
