import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { repository } from '../main/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { zipOf } from '../support/zip-writer.ts'
import { withoutBrowser } from './support/browser.ts'
import { openWindow } from './support/open-window.ts'
import { helpDeskRows } from './support/prepared-home.ts'
import { createProject, dropOnWindow, goToStep, openTab } from './support/steps.ts'

const samples = join(repository, 'test', 'samples', 'import')
const guidelines = join(repository, 'assets', 'sample', 'documents')

const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)

/** An archive as somebody sends it: a book, a workbook of questions, a picture, and a path that leads out of it. */
async function sentArchive(): Promise<string> {
  const path = join(await temporaryFolder(), 'handover.zip')
  const book = await readFile(join(samples, 'pdf-book', 'input.pdf'))
  const workbook = await readFile(join(samples, 'xlsx-sheets-dates-merges', 'input.xlsx'))
  const files = [
    { name: 'books/lamps.pdf', data: book },
    { name: 'questions.xlsx', data: workbook },
    { name: 'pictures/lamp.png', data: picture },
    { name: '../../evil.csv', data: 'context,question,answer\nOut.,Where?,Out\n' },
  ]
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, zipOf(files))
  return path
}

/** MedQuAD's rows in two files, as an export that came in parts. */
async function closedBookParts(): Promise<[string, string]> {
  const folder = await temporaryFolder()
  const lines = (await readFile(join(samples, 'medquad-closed-book', 'input.jsonl'), 'utf8'))
    .trim()
    .split('\n')
  const parts: [string, string] = [join(folder, 'medquad-1.jsonl'), join(folder, 'medquad-2.jsonl')]
  await writeFile(parts[0], lines.slice(0, 6).join('\n'))
  await writeFile(parts[1], lines.slice(6).join('\n'))
  return parts
}

/** Good rows, and one of each of the common troubles. */
async function troubledTable(): Promise<string> {
  const path = join(await temporaryFolder(), 'troubled.csv')
  const ada = 'Ada wrote the notes in 1843. She was paid nothing for them.'
  const rows = [
    'context,question,answer,answer_start',
    ...helpDeskRows(30).map((row) => `${row.replaceAll('";"', '","')},0`),
    `${ada},When did Ada write the notes?,1843,20`,
    `${ada},What was Ada paid?,payed nothing,33`,
    'Ein schÃ¶ner Tag in KÃ¶ln â€“ endlich vorbei.,Wo war der Tag?,KÃ¶ln,21',
    'The mill stands at the river.,Where does the mill stand?,at the river,16',
    'The mill stands at the river.,Where does the mill stand?,at the river,16',
    'The bridge is closed in winter and on Sundays.,When is the bridge closed?,in winter,21',
    'The bridge is closed in winter and on Sundays.,When is the bridge closed?,on Sundays,35',
    '',
  ]
  await writeFile(path, rows.join('\n'))
  return path
}

/** The numbers that a line of text holds. */
function numbersIn(text: string | null): number[] {
  return [...(text ?? '').matchAll(/\d+/g)].map(([digits]) => Number(digits))
}

/** How many examples a run would take, by the Train screen. */
async function trainedOn(page: Page): Promise<number> {
  await goToStep(page, 'Train')
  const counts = page.getByText(/to learn, .* held out/).first()
  return numbersIn(await counts.textContent()).reduce((sum, count) => sum + count, 0)
}

describe.skipIf(withoutBrowser)('files of any format', () => {
  test('an archive is looked into, and its book and its workbook are imported', async () => {
    const archive = await sentArchive()
    const { page, complaints } = await openWindow({ files: [archive] })
    await createProject(page, 'Lamps')
    await dropOnWindow(page, [archive])

    const sheet = page.getByRole('region', { name: 'Choose files' })
    await sheet.getByText('2 things were passed over').click()
    await sheet.getByText('pictures/lamp.png').waitFor()
    await sheet.getByText('Its path leads out of the archive.').waitFor()
    for (const name of [/books\/lamps\.pdf/, /questions\.xlsx/])
      expect(await sheet.getByRole('checkbox', { name }).isChecked()).toBe(true)
    await sheet.getByRole('button', { name: 'Go on with 2 files' }).click()

    const found = page.getByRole('navigation', { name: 'Files to look at' })
    await found.getByRole('button', { name: 'questions.xlsx' }).click()
    await page.getByText('When did Ada Lovelace write the notes?').first().waitFor()
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('button', { name: 'Import the document' }).click()

    await openTab(page, 'Documents')
    await page.getByText('Every lamp is trimmed at noon').first().click()
    const reader = page.getByRole('region', { name: 'Text of the passage' })
    await reader.getByText(/lamps\.pdf › .*page 1/).waitFor()
    await openTab(page, 'Sources')
    await page.getByRole('row', { name: /lamps\.pdf PDF/ }).waitFor()
    await page.getByRole('row', { name: /questions\.xlsx.* Excel/ }).waitFor()
    expect(complaints).toEqual([])
  })

  test('closed-book questions get a template, which serves the next file too', async () => {
    const [first, second] = await closedBookParts()
    const { page, home, complaints, quit } = await openWindow({ files: [first, second] })
    await createProject(page, 'Leaflets')
    await dropOnWindow(page, [first])
    expect(await page.getByRole('radio', { name: 'Instruction and answer' }).isChecked()).toBe(true)

    // The instruction is made of two columns, by keyboard alone.
    await page.getByRole('button', { name: 'Instruction (required): question' }).press('Enter')
    await page.getByRole('menuitemradio', { name: 'Text from several columns' }).press('Enter')
    const template = page.getByRole('textbox', { name: 'Text of instruction' })
    await template.and(page.locator(':focus')).waitFor()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('{focus}: {qtype}')
    await page.getByRole('radio', { name: 'As they will be' }).press('Space')
    const rows = page.getByRole('region', { name: 'The first rows as they will be' })
    await rows.getByText('Adult Acute Lymphoblastic Leukemia: outlook').waitFor()

    await page.getByRole('button', { name: 'Saved mappings' }).click()
    await page.getByRole('dialog').getByLabel('Save this one under a name').fill('MedQuAD')
    await page.keyboard.press('Enter')
    await page.getByText('Saved as MedQuAD.').first().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('medquad-1.jsonl is imported.').first().waitFor()

    await dropOnWindow(page, [second])
    await page.getByText('Used before: MedQuAD').waitFor()
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('button', { name: /^Instruction \(required\): Text from/ }).waitFor()
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('medquad-2.jsonl is imported.').first().waitFor()

    await page.getByText('Hypothyroidism: information').first().click()
    const detail = page.getByRole('region', { name: 'Example' })
    for (const part of ['Instruction', 'Target']) await detail.getByText(part, { exact: true }).waitFor()
    await detail.getByRole('button', { name: 'Edit' }).click()
    await detail.getByLabel('Target').fill('The thyroid makes too little.\nIt is treated with tablets.')
    await detail.getByRole('button', { name: 'Save' }).click()
    await detail.getByText('It is treated with tablets.').waitFor()
    await detail.getByRole('heading', { name: 'Target', exact: true }).waitFor()

    await page.getByRole('button', { name: 'Export', exact: true }).click()
    await page.getByRole('radio', { name: /JSON Lines/ }).press('Space')
    await page.getByRole('button', { name: 'Write the file' }).click()
    const written = (await page.getByRole('dialog').locator('code').textContent()) ?? ''
    expect(written.startsWith(home)).toBe(true)
    expect((await readFile(written, 'utf8')).trim().split('\n')).toHaveLength(10)
    expect(complaints).toEqual([])

    // The written file is read by the next window as what it is.
    await quit()
    const { page: next } = await openWindow({ home, files: [written] })
    await createProject(next, 'Again')
    await dropOnWindow(next, [written])
    await next.getByText(/JSON Lines .* 10 rows/).waitFor()
    expect(await next.getByRole('radio', { name: 'Instruction and answer' }).isChecked()).toBe(true)
  })

  test('the troubles of a table are mended together, taken back, and its examples divided', async () => {
    const table = await troubledTable()
    const { page, complaints } = await openWindow({ files: [table] })
    await createProject(page, 'Troubles')
    await dropOnWindow(page, [table])
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('troubled.csv is imported.').first().waitFor()
    const quality = page.getByRole('region', { name: 'Quality of the data' })
    await quality.getByText(/(Too little to learn from|Poor data|Fair data)\./).waitFor()

    await openTab(page, 'Problems')
    const kinds = page.getByRole('list', { name: 'Kinds of problems' })
    const titles = [
      'Answer is not in its context',
      'Answers contradict each other',
      'Letters were decoded wrongly',
      'Row stands there twice',
      'Answer was moved',
    ]
    for (const title of titles) await kinds.getByText(title).waitFor()
    const show = page.getByRole('group', { name: 'Rows to show' })
    const counts = async (): Promise<number[]> => numbersIn(await show.textContent())
    const [open = 0, mended = 0] = await counts()
    await page.getByRole('button', { name: 'Mend everything that can be mended' }).click()
    await page.getByRole('button', { name: 'Mend them' }).click()
    await expect.poll(async () => (await counts())[0]).toBeLessThan(open)
    await expect.poll(async () => (await counts())[1]).toBeGreaterThan(mended)
    const toast = page.getByRole('status').filter({ hasText: /rows are mended/ })
    await toast.waitFor()
    await toast.getByRole('button', { name: 'Undo' }).click()
    await page
      .getByText(/mends are taken back/)
      .first()
      .waitFor()
    await expect.poll(counts).toEqual([open, mended])

    await openTab(page, 'Splits')
    const unit = page.getByRole('group', { name: 'How the size of validation is given' })
    await unit.getByRole('radio', { name: 'Examples' }).press('Space')
    await page.getByRole('textbox', { name: 'Size of validation' }).fill('5')
    await page.getByRole('button', { name: 'Divide again' }).click()
    await page.getByText('The examples are divided anew.').first().waitFor()
    await page.getByText('5 examples in 5 groups').waitFor()
    expect(complaints).toEqual([])
  })

  test('drafted questions are reviewed by keys, and only what was kept is trained', async () => {
    const folder = await temporaryFolder()
    await mkdir(folder, { recursive: true })
    const table = join(folder, 'help.csv')
    await writeFile(table, ['Absatz;Frage;Antwort', ...helpDeskRows(12), ''].join('\n'))
    const document = join(guidelines, 'sp800-63-3', 'sec7_tofedornottofed.md')
    const { page, complaints } = await openWindow({ files: [table, document] })
    await createProject(page, 'Guidelines')
    await dropOnWindow(page, [table, document])
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('button', { name: 'Import the document' }).click()
    await page.getByRole('tab', { name: 'Drafts' }).waitFor()
    await goToStep(page, 'Model')
    await page.getByRole('radio', { name: /Loracle starter Comes/ }).press('Space')
    const without = await trainedOn(page)

    await goToStep(page, 'Data')
    await openTab(page, 'Drafts')
    await page.getByRole('textbox', { name: 'At most' }).fill('3')
    await page.getByRole('button', { name: 'Draft questions' }).click()
    const drafting = page.getByRole('region', { name: 'Drafting' })
    await drafting.getByText(/questions stood the check, from/).waitFor({ timeout: 60_000 })
    const review = page.getByRole('region', { name: 'Review of the drafts' })
    const [, total = 0] = numbersIn(await review.getByRole('status').textContent())
    expect(total).toBeGreaterThan(1)
    expect(await trainedOn(page)).toBe(without)

    await goToStep(page, 'Data')
    await openTab(page, 'Drafts')
    const question = review.getByRole('heading', { level: 2 })
    const kept = (await question.textContent()) ?? ''
    await review.press('d')
    await review.getByRole('radio', { name: /Dropped 1/ }).waitFor()
    await expect.poll(() => question.textContent()).not.toBe(kept)
    await page.keyboard.press('u')
    await expect.poll(() => question.textContent()).toBe(kept)
    await page.keyboard.press('k')
    await review.getByRole('radio', { name: /Kept 1/ }).waitFor()

    await openTab(page, 'Examples')
    await page.getByRole('grid').getByText(kept).waitFor()
    expect(await trainedOn(page)).toBe(without + 1)
    expect(complaints).toEqual([])
  })

  test('a web address of the own network is refused in a sentence', async () => {
    const { page, complaints } = await openWindow()
    await createProject(page, 'Web')
    await page.getByRole('textbox', { name: 'Web address' }).fill('http://127.0.0.1:8080/guide/')
    await page.keyboard.press('Enter')
    await page
      .getByRole('dialog', { name: 'Read from the web' })
      .getByRole('button', { name: 'Read' })
      .click()
    await page
      .getByRole('alert')
      .getByText(/127\.0\.0\.1.* is (.*)private/)
      .waitFor()
    expect(complaints).toEqual([])
  })
})
