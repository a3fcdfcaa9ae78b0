import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { withoutBrowser } from './support/browser.ts'
import { openWindow } from './support/open-window.ts'
import { createProject, dropOnWindow, goToStep, limitSteps } from './support/steps.ts'

/** A table as somebody's help desk exports it: other names, semicolons, quotes, a row whose answer is nowhere. */
function helpDeskTable(): string {
  const rows = Array.from({ length: 40 }, (_, i) => {
    const days = 10 + i
    const text = `Article ${i} can be returned for ${days} days. After that the shop decides. Ask for "form ${i}".`
    return `"${text.replaceAll('"', '""')}";"How long can article ${i} be returned?";"${days} days";"Shelf ${i % 8}"`
  })
  const wrong = '"Lamps are sold by the dozen.";"How are lamps sold?";"sold by a dozen";"Shelf 1"'
  return ['Absatz;Frage;Antwort;Regal', ...rows, wrong, ''].join('\r\n')
}

describe.skipIf(withoutBrowser)('somebody’s own data', () => {
  test(
    'a CSV with foreign column names is mapped, mended, trained and compared',
    { timeout: 240_000 },
    async () => {
      const file = join(await temporaryFolder(), 'hilfe.csv')
      await writeFile(file, helpDeskTable())
      const { page, complaints } = await openWindow({ width: 1024, height: 700, files: [file] })
      await createProject(page, 'Returns')
      await dropOnWindow(page, [file])

      // The columns were recognised from names and contents; the person looks and agrees.
      await page.getByText(/All required columns are set|would be left out/).waitFor()
      await page.getByRole('button', { name: 'Import', exact: true }).click()
      await page.getByText('hilfe.csv is imported.').first().waitFor()

      await page.getByRole('tab', { name: /Problems/ }).click()
      await page
        .getByRole('button', { name: /Accept/ })
        .first()
        .click()
      await page.getByText('1 row is mended.').first().waitFor()

      await goToStep(page, 'Model')
      await page.getByRole('radio', { name: /Loracle starter Comes/ }).press('Space')
      await goToStep(page, 'Train')
      await limitSteps(page, 3)
      await page.getByRole('button', { name: 'Start training' }).click()
      await page.getByRole('link', { name: 'Compare answers' }).click({ timeout: 120_000 })
      await page.getByRole('heading', { level: 1, name: 'Compare' }).waitFor()
      await expect.poll(() => page.getByRole('grid').getByRole('row').count()).toBeGreaterThan(2)
      expect(complaints).toEqual([])
    },
  )

  test(
    'a folder of documents becomes passages, a marked question and a chat',
    { timeout: 240_000 },
    async () => {
      const folder = join(await temporaryFolder(), 'handbook')
      await mkdir(folder)
      await writeFile(
        join(folder, 'returns.md'),
        '# Returns\n\nArticles can be returned for thirty days. The shop pays the postage.\n\n## Lamps\n\nLamps are returned in their own box.\n',
      )
      await writeFile(
        join(folder, 'garden.txt'),
        'Roses are cut in March.\n\nTulips are planted in autumn.\n',
      )
      const { page, complaints } = await openWindow({ files: [folder] })
      await createProject(page, 'Handbook')
      await dropOnWindow(page, [folder])
      await page.getByRole('button', { name: /Import 2 documents/ }).click()
      await page.getByRole('tab', { name: /Documents/ }).click()
      await page.getByText('Roses are cut in March.').first().waitFor()

      // An answer is marked with the keyboard alone.
      await page.getByText('Articles can be returned').first().click()
      const reader = page.getByRole('textbox', { name: 'Text of the passage' })
      await reader.focus()
      await reader.press('Control+Home')
      for (let word = 0; word < 2; word++) await reader.press('Shift+ArrowRight')
      await page.getByLabel('Its question').fill('What can be returned?')
      await page.getByRole('button', { name: 'Save the question' }).click()
      await page.getByText('The question is saved.').first().waitFor()

      await goToStep(page, 'Model')
      await page.getByRole('radio', { name: /Loracle starter Comes/ }).press('Space')
      await goToStep(page, 'Chat')
      await page.getByRole('textbox', { name: 'Question' }).fill('When are roses cut?')
      await page.keyboard.press('Enter')
      await page
        .getByText(/passages? found/i)
        .first()
        .waitFor({ timeout: 60_000 })
      await page.getByText('garden.txt').first().waitFor()

      // What was asked is there again after a reload.
      await page.reload()
      await page.getByText('When are roses cut?').first().waitFor()
      expect(complaints).toEqual([])
    },
  )
})
