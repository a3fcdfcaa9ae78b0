import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { jsonLines, start } from './spawn-cli.ts'

async function prepareProject() {
  const prepared = await prepare()
  await prepared.loracle('project', 'create', 'Sea')
  return prepared
}

async function prepare() {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const loracle = (...args: string[]) =>
    start('main/hosts/cli/main.ts', args, folder, { LORACLE_HOME: home }).finished
  const json = async (...args: string[]) => jsonLines((await loracle(...args, '--json')).stdout)
  const write = (name: string, content: string) => writeFile(join(folder, name), content)
  return { folder, home, loracle, json, write }
}

const tasks = [
  { about: { focus: 'Harbour' }, kind: 'age', body: 'It was built in 1882.' },
  { about: { focus: 'Light' }, kind: 'keeper', body: 'The family Brandt keeps it.' },
]
const lines = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n')

test('a file is looked at: columns, mapping, other forms, rows as they will be', async () => {
  const { folder, loracle, json, write } = await prepare()
  await write(
    'faq.csv',
    'Absatz,Frage,Antwort\nThe quay is closed.,What is closed?,The quay\nIt is green.,Which?,red\n',
  )
  const { code, stdout, stderr } = await loracle('inspect', 'faq.csv')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^faq\.csv: csv, 2 rows, 90 bytes\n/)
  expect(stdout).toMatch(/^ {2}Frage +text +2 +2 +What is closed\?$/m)
  expect(stdout).toMatch(/^ {2}answer +from Antwort +\d\d % {2}Its name is “Antwort”/m)
  expect(stdout).toContain('Would do as well: --form task')
  expect(stdout).toContain('Of the first 2 records 1 would be taken:')
  expect(stdout).toMatch(/^ {4}answer +The quay \(at 0\)$/m)
  expect(stdout).toMatch(/^ {4}left out +"red" does not occur/m)
  const [inspection] = await json('inspect', 'faq.csv')
  expect(inspection).toMatchObject({
    type: 'inspection',
    inspection: { name: 'faq.csv', rows: 2, mapping: { form: 'qa', roles: { context: 'Absatz' } } },
    rows: { looked: 2, kept: 1 },
  })
  expect(await readdir(folder)).toContain('home')
})

test('without a home nothing is left behind, and one bad file does not keep the others out', async () => {
  const { folder, write } = await prepare()
  await write('notes.md', '# Sea\n\nThe harbour was built in 1882.\n')
  const temporary = join(folder, 'tmp')
  await mkdir(temporary)
  const inspect = start('main/hosts/cli/main.ts', ['inspect', 'nowhere.csv', 'notes.md'], folder, {
    TMPDIR: temporary,
    HOME: folder,
  })
  const { code, stdout, stderr } = await inspect.finished
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^error \[file_missing\]: .*\n$/)])
  expect(stdout).toContain('notes.md: markdown, 1 passage')
  expect(stdout).toContain('The harbour was built in 1882.')
  expect(await readdir(temporary)).toEqual([])
})

test('templates, paths and constants are named, saved, and offered and taken again', async () => {
  const { loracle, json, write } = await prepareProject()
  await write('a.jsonl', lines(tasks))
  await write('b.jsonl', lines(tasks.map((row) => ({ ...row, body: `${row.body} Still.` }))))
  const named = ['--map', 'instruction={about.focus}: {kind}', 'target=body', 'input="Answer briefly."']
  const flags = named.flatMap((one) =>
    one === '--map' || one.startsWith('instruction') ? [one] : ['--map', one],
  )
  const first = await loracle('import', 'a.jsonl', '--project', 'Sea', ...flags, '--save-mapping', 'Lore')
  expect([first.code, first.stdout]).toEqual([
    0,
    expect.stringMatching(/^a\.jsonl: 2 examples\nThe mapping is saved as Lore\.\n/),
  ])
  expect(first.stderr).toContain(
    'a.jsonl: task: instruction from “{about.focus}: {kind}”, input is “Answer briefly.”, target from body\n',
  )
  expect((await loracle('inspect', 'b.jsonl')).stdout).toContain('Saved mappings that fit: Lore')
  const [shown] = await json('inspect', 'b.jsonl', '--mapping', 'lore')
  expect(shown).toMatchObject({
    rows: {
      rows: [
        {
          texts: { instruction: 'Harbour: age', input: 'Answer briefly.' },
          answers: [{ text: 'It was built in 1882. Still.', start: null }],
        },
        {},
      ],
    },
  })
  const second = await json('import', 'b.jsonl', '--project', 'Sea', '--mapping', 'Lore')
  expect(second.at(-1)).toMatchObject({ type: 'summary', imported: 1, examples: 4 })
  const wrong = await loracle('import', 'b.jsonl', '--project', 'Sea', '--mapping', 'Lor')
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringMatching(/^error \[mapping_missing\]: .*Did you mean Lore\?\n$/),
  ])
})

test('a mapping file says what a table becomes, and what is wrong with it', async () => {
  const { loracle, json, write } = await prepareProject()
  await write('a.jsonl', lines(tasks))
  await write('m.json', '{"form": "passages", "roles": {"text": "body", "title": "about.focus"}}')
  const taken = await json('import', 'a.jsonl', '--project', 'Sea', '--map-file', 'm.json')
  expect(taken).toContainEqual(expect.objectContaining({ type: 'source', passages: 2, examples: 0 }))
  await write('bare.json', '{"instruction": "kind", "target": {"template": "{body}"}}')
  expect((await loracle('inspect', 'a.jsonl', '--map-file', 'bare.json')).stdout).toContain(
    'Would become tasks',
  )
  for (const [content, place] of [
    ['{"form": "qua", "roles": {}}', 'form is none of qa, task, passages'],
    ['{"roles": {"text": 1}}', 'roles.text is neither a column'],
    ['{"txt": "body"}', 'txt is no role'],
    ['{"roles": {}, "extra": 1}', 'extra is none of form, roles and table'],
    ['{"roles": ', 'it is not JSON'],
    ['[]', 'it is not an object'],
  ] as const) {
    await write('m.json', content)
    const { code, stderr } = await loracle('inspect', 'a.jsonl', '--map-file', 'm.json')
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error \[file_invalid\]: m\.json is no mapping: .*\n$/),
    ])
    expect(stderr).toContain(place)
  }
})

test('a folder brings its files, and its documents are cut as wanted', async () => {
  const { folder, loracle, json, write } = await prepareProject()
  await mkdir(join(folder, 'docs', 'deep'), { recursive: true })
  const sentence = (i: number) =>
    `The boat number ${i} lies at the quay behind the old crane of the sailing club.`
  await write('docs/deep/notes.md', Array.from({ length: 40 }, (_, i) => sentence(i)).join(' '))
  await write('docs/a.jsonl', lines(tasks.map(({ kind, body }) => ({ prompt: kind, completion: body }))))
  const chunks = ['--chunk-tokens', '64', '--chunk-overlap', '16']
  const taken = await json('import', 'docs', '--project', 'Sea', ...chunks)
  const sources = taken.filter(({ type }) => type === 'source')
  expect(sources.map(({ name }) => name).toSorted()).toEqual(['a.jsonl', 'deep/notes.md'])
  expect(taken.at(-1)).toMatchObject({ type: 'summary', imported: 2, failed: 0, examples: 2 })
  expect(sources.find(({ kind }) => kind === 'documents')?.['passages']).toBeGreaterThan(5)
  expect((await loracle('inspect', 'docs')).stdout).toMatch(/^docs: 2 files\n {2}/)
})

test('a kind of task brings its instruction and template; the examples keep it on the way out', async () => {
  const { folder, loracle, json, write } = await prepareProject()
  await write('faq.csv', 'context,question,answer\nThe quay is closed.,What is closed?,The quay\n')
  const { stdout } = await loracle('inspect', 'faq.csv', '--task', 'question-generation')
  expect(stdout).toContain('Would become tasks: question generation (--task question-generation).')
  expect(stdout).toContain('answer: The quay context: The quay is closed.')
  await loracle('import', 'faq.csv', '--project', 'Sea', '--task', 'question-generation')
  await write('pairs.csv', 'text,label\nIt leaks.,bad\nIt shines.,good\n')
  const { stdout: guessed } = await loracle('inspect', 'pairs.csv')
  expect(guessed).toMatch(/classification \(--task classification\)\. A column is called “label” and has 2/)
  await mkdir(join(folder, 'out'))
  const [written] = await json('export-data', '--project', 'Sea', '--format', 'jsonl', '--folder', 'out')
  expect(JSON.parse(await readFile(String(written?.['path']), 'utf8'))).toMatchObject({
    task: 'question-generation',
    instruction: 'Write the question that the answer answers.',
    target: 'What is closed?',
  })
})

test('examples are written to a file', async () => {
  const { folder, loracle, json, write } = await prepareProject()
  await write('faq.csv', 'context,question,answer\nThe quay is closed.,What is closed?,The quay\n')
  await loracle('import', 'faq.csv', '--project', 'Sea')
  await mkdir(join(folder, 'out'))
  const [written] = await json('export-data', '--project', 'Sea', '--format', 'jsonl', '--folder', 'out')
  expect(written).toMatchObject({ type: 'dataset', examples: 1, leftOut: 0 })
  expect(await readFile(String(written?.['path']), 'utf8')).toContain('What is closed?')
})

test.each([
  [['inspect'], 'usage', 'needs a file'],
  [['inspect', 'f.csv', '--form', 'text'], 'usage', 'qa, task, passages'],
  [['inspect', 'f.csv', '--task', 'poetry'], 'usage', 'classification, question-generation'],
  [['inspect', 'f.csv', '--task', 'sumarisation'], 'usage', 'Did you mean summarisation'],
  [['inspect', 'f.csv', '--form', 'qa', '--task', 'text'], 'usage', '--task is for the form task'],
  [['inspect', 'f.csv', '--pages', '3'], 'usage', 'goes with --site'],
  [['inspect', 'f.csv', '--site', '--pages', '0'], 'usage', 'from 1 to 1000'],
  [['inspect', 'f.csv', '--map-file', 'm', '--mapping', 'n'], 'usage', 'give one of them'],
  [['inspect', 'f.csv', '--map-file', 'm.json'], 'file_missing', 'm.json'],
  [['inspect', 'f.csv', '--form', 'qa', '--map', 'target=c'], 'usage', 'target is no role of the form qa'],
  [
    ['inspect', 'f.csv', '--form', 'task', '--map', 'target=c', 'instruction={b'],
    'mapping_incomplete',
    'at character 1',
  ],
  [['inspect', 'f.csv', '--map', 'answer_start=d'], 'mapping_incomplete', 'no column d for answerStart'],
  [['inspect', 'f.csv', '--map', 'question=p[].q', 'x'], 'mapping_incomplete', 'no column p[].q'],
  [['inspect', 'http://127.0.0.1:9/'], 'web_refused', '127.0.0.1'],
  [['import', 'f.csv', '--project', 'Sea', '--chunk-tokens', '5'], 'usage', 'from 32 to 4096'],
  [['export-data', '--project', 'Sea', '--format', 'xml'], 'usage', 'squad, jsonl, csv'],
])('loracle %j is %s', async (args, code, hint) => {
  const { loracle, write } = await prepare()
  await write('f.csv', 'a,b,c\nThe quay is closed.,What is closed?,The quay\n')
  const { code: exit, stderr } = await loracle(...args)
  expect(exit).toBe(1)
  expect(stderr).toMatch(new RegExp(`^error \\[${code}\\]: `, 'm'))
  expect(stderr).toContain(hint)
  expect(stderr).not.toMatch(/^ {4}at /m)
})
