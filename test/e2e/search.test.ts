import { describe, expect, test } from 'vitest'
import { withoutBrowser } from './support/browser.ts'
import { openWindow } from './support/open-window.ts'
import { goToStep, limitSteps, openSample, text } from './support/steps.ts'

describe.skipIf(withoutBrowser)('a search for settings', () => {
  test(
    'tries several, is stopped, goes on, marks the best and trains with it',
    { timeout: 240_000 },
    async () => {
      const { page, complaints } = await openWindow()
      await openSample(page)
      await goToStep(page, 'Train')
      await limitSteps(page, 2)
      await page.getByRole('tab', { name: 'Try several settings' }).press('Enter')
      await text(page, 'Not sure which settings are best?').waitFor()

      // What is wrong is said where it stands and beside the button, which waits for it.
      await page.getByRole('textbox', { name: 'Rank: values' }).fill('4, x')
      await text(page, 'x: Write a number').waitFor()
      await text(page, 'Correct “Rank” first').waitFor()
      const begin = page.getByRole('button', { name: 'Start the search' })
      expect(await begin.isDisabled()).toBe(true)
      await page.getByRole('combobox', { name: 'Add a setting' }).selectOption('schedule')
      expect(await page.getByRole('textbox', { name: /schedule: values/ }).inputValue()).toBe(
        'linear, cosine, constant',
      )
      await page.getByRole('button', { name: /Do not vary Learning rate schedule/ }).press('Enter')
      await page.getByRole('textbox', { name: 'Rank: values' }).fill('4, 8')
      await page.getByRole('textbox', { name: 'Trials' }).fill('2')
      await text(page, /^2 trials/).waitFor()
      // A key that is pressed while the plan is made anew goes nowhere.
      await expect.poll(() => begin.isEnabled()).toBe(true)
      await begin.press('Enter')

      await text(page, 'Search 1').waitFor()
      await page.getByRole('button', { name: 'Stop', exact: true }).press('Enter')
      const goOn = page.getByRole('button', { name: 'Go on' })
      await goOn.waitFor({ timeout: 60_000 })
      await goOn.press('Enter')
      await text(page, '2 of 2 trials done').waitFor({ timeout: 120_000 })
      const best = page.getByRole('row').filter({ hasText: 'Best' }).filter({ hasText: 'Finished' })
      await best.waitFor()
      // Trials are no runs of the history.
      expect(await page.getByRole('tab', { name: 'History' }).textContent()).toContain('0')

      await best.getByRole('button', { name: /Train with these settings of trial/ }).press('Enter')
      await page.getByRole('tab', { name: 'Run', exact: true, selected: true }).waitFor()
      await text(page, 'Run 1').waitFor()
      await page.getByRole('tab', { name: 'Try several settings' }).press('Enter')
      await text(page, 'Trained as Run 1').waitFor()
      expect(complaints).toEqual([])
    },
  )
})
