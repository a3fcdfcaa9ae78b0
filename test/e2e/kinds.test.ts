import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { wordPieceDir } from '../data/fixtures/load.ts'
import { tinyBert, writeRandomBert } from '../support/random-bert.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { findings } from './support/axe.ts'
import { withoutBrowser } from './support/browser.ts'
import { openWindow } from './support/open-window.ts'
import { createProject, dropOnWindow, goToStep, openTab, text } from './support/steps.ts'

const question = 'What lies far away?'
const landmarks = ['river', 'castle', 'garden', 'tower'].map((name, i) => ({
  id: `q${i}`,
  title: name,
  context: `Some say that the old ${name} lies far away. Nobody has seen it since.`,
  question,
  answers: [`the old ${name}`],
}))

async function fill(page: Page, name: string, value: string): Promise<void> {
  const field = page.getByRole('textbox', { name, exact: true })
  await field.fill(value)
  await field.press('Tab')
}

// What is asked of the host is the same in all of them: one is enough.
describe.skipIf(withoutBrowser)('a model that marks answers', () => {
  test(
    'is added, learns a few questions, marks its answer in the passage, and becomes an ONNX model',
    { timeout: 120_000 },
    async () => {
      const folder = await temporaryFolder()
      const [model, data] = [join(folder, 'tiny-bert'), join(folder, 'landmarks.json')]
      await writeRandomBert(model, tinyBert, { seed: 3, spread: 0.15, tokenizer: wordPieceDir })
      await writeFile(data, JSON.stringify(landmarks))
      const { page, home, complaints } = await openWindow({ host: 'web' })
      await createProject(page, 'Landmarks')
      await dropOnWindow(page, [data])
      await page.getByRole('button', { name: 'Import', exact: true }).click()
      await openTab(page, 'Sources')
      await page.getByRole('combobox', { name: 'landmarks.json serves as' }).selectOption('train')
      const weight = page.getByRole('textbox', { name: /How often landmarks.json is trained on/ })
      await weight.fill('2')
      await weight.press('Enter')
      await text(page, 'landmarks.json: 2 times an epoch.').waitFor()

      await goToStep(page, 'Model')
      await page.getByRole('button', { name: 'Add folder' }).click()
      // The person's own folder is shown first, and fills the field.
      await page.getByRole('button', { name: 'Up', exact: true }).waitFor()
      await fill(page, 'Folder', model)
      await page.getByRole('button', { name: 'Use this folder' }).click()
      await page.getByRole('radio', { name: /tiny-bert/ }).press('Space')
      await text(page, 'marks answers in the text').waitFor()

      await goToStep(page, 'Train')
      await page.getByRole('radio', { name: 'Advanced' }).press('Space')
      for (const [name, value] of Object.entries({
        Epochs: '15',
        'Batch size': '4',
        'Learning rate': '0.01',
        Dropout: '0',
        'Adapted layers': 'all-linear',
      }))
        await fill(page, name, value)
      await page.getByRole('button', { name: 'Start training' }).click()
      await page.getByText('Finished').first().waitFor({ timeout: 60_000 })

      await goToStep(page, 'Chat')
      await page.getByRole('textbox', { name: 'Question' }).fill(question)
      await page.keyboard.press('Enter')
      const tuned = page.getByRole('group', { name: /^Tuned: / })
      const answer = tuned.getByRole('paragraph').first()
      await answer.filter({ hasText: /^the old (river|castle|garden|tower)/ }).waitFor({ timeout: 60_000 })
      await text(page, 'It has not learnt to mark answers yet.').waitFor()
      const given = (await answer.textContent()) ?? ''
      const passage = page.getByRole('paragraph').filter({ has: page.locator('mark.tuned') })
      const [before, marked] = ((await passage.textContent()) ?? '').split('[Answer of the tuned model:]')
      expect(before).toBe('Some say that ')
      expect(marked?.startsWith(given)).toBe(true)
      expect(await passage.locator('mark').textContent()).toBe(`[Answer of the tuned model:]${given}`)

      const readings = tuned.getByText(/other readings?$/)
      expect(await tuned.getByRole('listitem').count()).toBe(0)
      await readings.press('Enter')
      expect(await tuned.getByRole('listitem').first().textContent()).toMatch(/ \d+(\.\d)?%$/)
      expect(await findings(page)).toEqual([])

      await goToStep(page, 'Export')
      await page.getByRole('button', { name: 'Export ONNX model', exact: true }).click()
      await text(page, /ONNX model exported to/).waitFor({ timeout: 60_000 })
      const files = await readdir(join(home, 'exports', 'Landmarks'), { recursive: true })
      expect(files.map((name) => name.replaceAll('\\', '/'))).toContainEqual(
        expect.stringMatching(/onnx\/model\.onnx$/),
      )
      expect(complaints).toEqual([])
    },
  )
})
