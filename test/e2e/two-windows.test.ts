import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { withoutBrowser } from './support/browser.ts'
import { openWindow, usualHost } from './support/open-window.ts'
import { helpDeskRows } from './support/prepared-home.ts'
import { createProject } from './support/steps.ts'

describe.skipIf(withoutBrowser)('hasty and doubled hands', () => {
  test('a double click on Import imports once, and does not cancel', async () => {
    const file = join(await temporaryFolder(), 'help-desk.csv')
    await writeFile(file, ['Absatz;Frage;Antwort', ...helpDeskRows(4000), ''].join('\n'))
    const { page } = await openWindow({ files: [file] })
    await createProject(page, 'Hasty')
    await page.getByLabel('Add files').setInputFiles(file)
    const button = page.getByRole('button', { name: 'Import', exact: true })
    await button.waitFor()
    const place = await button.boundingBox()
    if (!place) throw new Error('The button has no place.')
    await page.mouse.dblclick(place.x + place.width / 2, place.y + place.height / 2, { delay: 60 })
    await page.getByText('help-desk.csv is imported.').first().waitFor()
    await page
      .getByText(/4,000 examples/)
      .first()
      .waitFor()
  })

  // Electron has one window; the browser may have many.
  test.runIf(usualHost === 'web')(
    'a project that another window deletes does not stay on screen',
    async () => {
      const { page, complaints } = await openWindow()
      await createProject(page, 'Shared')
      const other = await page.context().newPage()
      await other.goto(page.url().split('#')[0] ?? '')
      await other
        .getByRole('button', { name: /Shared/ })
        .or(other.getByLabel(/more|actions/i))
        .first()
        .click()
      await other.getByRole('menuitem', { name: /Delete/ }).click()
      await other.getByRole('button', { name: 'Delete the project' }).click()
      await other.getByText('Shared is deleted.').first().waitFor()
      await page
        .getByText(/not there any more/)
        .first()
        .waitFor()
      expect(complaints).toEqual([])
    },
  )
})
