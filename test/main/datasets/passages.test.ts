import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { htmlBlocks } from '../../../main/datasets/passages/html-blocks.ts'
import { markdownBlocks } from '../../../main/datasets/passages/markdown-blocks.ts'
import { markdownInline } from '../../../main/datasets/passages/markdown-inline.ts'
import { estimateTokens } from '../../../main/datasets/passages/count-tokens.ts'
import { defaultChunking, packPassages } from '../../../main/datasets/passages/pack-passages.ts'
import { readPassages } from '../../../main/datasets/passages/read-passages.ts'
import { textBlocks } from '../../../main/datasets/passages/text-blocks.ts'

const sample = join(import.meta.dirname, '../../../assets/sample')
const dir = await mkdtemp(join(tmpdir(), 'loracle-passages-'))
afterAll(() => rm(dir, { recursive: true, force: true }))

describe('Markdown', () => {
  test.each([
    ['a [link](http://x.y/(z) "title") and ![an image](i.png)', 'a link and an image'],
    ['[label][ref] {#anchor} with <script>alert("a")</script>none', 'label with none'],
    ['see [[RFC 20]](#RFC20), [Section 4][s4]', 'see [RFC 20], Section 4'],
    [
      '**bold _and_ more** but snake_case_name and 2 * 3 * 4',
      'bold and more but snake_case_name and 2 * 3 * 4',
    ],
    ['`a **b** &amp;` and \\*stars\\* &amp; &#8364;', 'a **b** &amp; and *stars* & €'],
    ['<a name="x"></a>Text<br>next{: .note} x < y', 'Text\nnext x < y'],
    ['~~old~~ <https://example.org> note[^1]', 'old https://example.org note'],
  ])('%s', (source, text) => {
    expect(markdownInline(source)).toBe(text)
  })

  test('headings, lists, tables, code, front matter and HTML', () => {
    const { title, blocks } = markdownBlocks(
      [
        '---\ntitle: "The guide"\n---\n# Top\n\nFirst\nparagraph.\n\n## Sub ##\n* one\n  goes on\n2. two\n',
        '| Name | Age |\n|---|:-:|\n| Ada | 27 |\n\n```js\nconst a = 1\n\n# no heading\n```\n',
        'Setext\n------\n<div>\n<p>In <b>HTML</b></p></div>\n\n<!-- hidden\n\nlines -->\n[ref]: http://x\n> quoted\n',
      ].join('\n'),
    )
    expect(title).toBe('The guide')
    expect(
      blocks.map(({ heading, text, first, last }) => [heading.join('/'), text, `${first}–${last}`]),
    ).toEqual([
      ['Top', 'First paragraph.', '6–7'],
      ['Top/Sub', '- one goes on', '10–11'],
      ['Top/Sub', '2. two', '12–12'],
      ['Top/Sub', 'Name: Ada; Age: 27', '16–16'],
      ['Top/Sub', 'const a = 1\n\n# no heading', '18–22'],
      ['Top/Setext', 'In HTML', '27–27'],
      ['Top/Setext', 'quoted', '33–33'],
    ])
  })
})

test('HTML gives its text and nothing that runs or leads elsewhere', () => {
  const { title, blocks } = htmlBlocks(
    `<html><head><title>A &amp; B</title><style>p { }</style></head><body>
<header><a>Menu</a><h1>Head</h1></header><nav><p>skip</p></nav>
<p>One <em>two</em>
 three.<script>if (a < b) alert("<p>x</p>")</script></p><!-- <p>no</p> -->
<h2>Sub</h2><ul><li>first<li>second &eacute;&#x1F642;</ul>
<table><tr><th>Name</th><td>Ada</td></tr></table>
<pre>a
  b</pre>loose <b title="a > b">text</b><footer>end</footer></body>`,
  )
  expect(title).toBe('A & B')
  expect(blocks.map(({ heading, text, first }) => [heading.join('/'), text, first])).toEqual([
    ['Head', 'One two three.', 3],
    ['Head/Sub', '- first', 5],
    ['Head/Sub', '- second é🙂', 5],
    ['Head/Sub', 'Name | Ada', 6],
    ['Head/Sub', 'a\n  b', 7],
    ['Head/Sub', 'loose text', 8],
  ])
})

test.each([
  '[',
  '![',
  '**a ',
  '_a ',
  '` `` ',
  '<a ',
  '<a "',
  '<!--',
  '<script>',
  '{:',
  '[a](',
  ' ',
  '# ',
  '-|',
  '> ',
  '- ',
  '<div>',
  '<table><td>',
  '<ul><li>',
  '</b>',
  '&amp;',
  '<svg>',
])('marks that stay open cost little: %s', (mark) => {
  for (const width of [75, 19_000, 60_000]) {
    const source = `${mark.repeat(width / mark.length)}\n`.repeat(60_000 / width)
    const started = performance.now()
    packPassages('T', markdownBlocks(source).blocks)
    packPassages('T', htmlBlocks(source).blocks)
    expect(performance.now() - started).toBeLessThan(2000)
  }
})

test('plain text: wrapped lines are joined, short ones kept', () => {
  const { blocks } = textBlocks(
    'A line that was broken at the margin of the page\r\nand goes on here.\r\n\r\nBread\r\nButter\n- salt',
  )
  expect(blocks.map(({ text, first, last }) => [text, first, last])).toEqual([
    ['A line that was broken at the margin of the page and goes on here.', 1, 2],
    ['Bread\nButter\n- salt', 4, 6],
  ])
})

test('the sample documents hold the answers of the sample questions, without markup', async () => {
  const names = await readdir(join(sample, 'documents'), { recursive: true })
  const texts: string[] = []
  for (const name of names.filter((one) => one.endsWith('.md')))
    for (const { text } of await readPassages(join(sample, 'documents', name))) {
      expect(text).not.toMatch(/<[a-z/][^>]*>|\*\*|\{:|&[a-z]+;/)
      expect(estimateTokens(text)).toBeLessThanOrEqual(defaultChunking.tokens)
      texts.push(text)
    }
  const train = JSON.parse(await readFile(join(sample, 'train.json'), 'utf8')) as {
    data: { paragraphs: { qas: { answers: { text: string }[] }[] }[] }[]
  }
  const answers = train.data.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ qas }) => qas.flatMap((qa) => qa.answers.map(({ text }) => text))),
  )
  const found = answers.filter((answer) => texts.some((text) => text.includes(answer)))
  expect(found.length).toBeGreaterThan(answers.length * 0.95)
})

test('a table is no document, and a document without a title has its file name', async () => {
  const table = join(dir, 'table.csv')
  await writeFile(table, 'a,b\n1,2\n')
  await expect(readPassages(table)).rejects.toMatchObject({ code: 'file_unreadable' })
  const note = join(dir, 'A note.txt')
  await writeFile(note, 'Words.')
  expect(await readPassages(note)).toEqual([
    { title: 'A note', heading: [], page: null, place: 'line 1', text: 'Words.' },
  ])
})
