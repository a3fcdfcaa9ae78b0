import { expect, test } from 'vitest'
import { mainContent } from '../../../main/datasets/web/main-content.ts'
import { htmlBlocks } from '../../../main/datasets/passages/html-blocks.ts'

const sentence = 'The Tiber rises in the Apennines, flows past Rome, and ends in the sea at Ostia. '
const article = `<div class="content"><h1>The Tiber</h1>${`<p>${sentence.repeat(4)}</p>`.repeat(6)}<h2>Floods</h2><p>${sentence.repeat(3)}</p></div>`
const menu = `<div class="sidebar menu"><ul>${Array.from({ length: 30 }, (_, i) => `<li><a href="/${i}">Entry number ${i}</a></li>`).join('')}</ul></div>`

const textOf = (html: string) =>
  htmlBlocks(html).blocks.map(({ text, heading }) => [...heading, text].join(' / '))

test('finds the article of a page without marks for what stands around it', () => {
  const found = mainContent(
    `<html><body>${menu}${article}<div class="related links">${menu}</div></body></html>`,
  )
  const texts = textOf(found ?? '')
  expect(texts.some((text) => text.includes('Entry number'))).toBe(false)
  expect(texts.filter((text) => text.includes('The Tiber rises'))).toHaveLength(7)
  expect(texts.some((text) => text.includes('Floods'))).toBe(true)
})

test('finds none where it would lose most of the page', () => {
  const rows = Array.from({ length: 200 }, (_, i) => `<dt>term ${i}</dt><dd>A meaning of ${i}.</dd>`).join('')
  const found = mainContent(`<html><body><dl>${rows}</dl><div><p>${sentence}</p></div></body></html>`)
  expect(found === null || textOf(found).length > 150).toBe(true)
  expect(mainContent('')).toBeNull()
})

test.each([
  ['deep', '<div>'.repeat(90) + 'x'.repeat(100)],
  ['beyond depth', '<div>'.repeat(50_000)],
  ['wide', `<p>${sentence}</p>`.repeat(4_900)],
  ['of many links', `<a href="x">${'y'.repeat(30)}</a>, `.repeat(4_900)],
  [
    'of tables in tables',
    `<table><tr><td>${'<table><tr><td>a</td></tr></table>'.repeat(2_000)}</td></tr></table>`,
  ],
  ['of odd marks', '<p <div class="<b>" <p>'.repeat(3_000)],
  ['of one long word', 'x'.repeat(900_000)],
  ['of commas', `<p>${','.repeat(500_000)}</p>`],
  ['of broken lines', '<br>'.repeat(9_900)],
])('takes little time for a page that is %s', (_, body) => {
  const start = performance.now()
  mainContent(`<html><body>${body}</body></html>`)
  expect(performance.now() - start).toBeLessThan(8_000)
})
