import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { isAlive } from '../main/spawn-cli.ts'
import { withoutBrowser } from './support/browser.ts'
import { openWindow, usualHost } from './support/open-window.ts'
import { goToStep, limitSteps, openSample } from './support/steps.ts'

/** Starts a run of the sample without its held-out files, and waits for its first step. */
async function startRun(page: Page, steps: number): Promise<void> {
  await openSample(page)
  await goToStep(page, 'Data')
  await page.getByRole('tab', { name: /Sources/ }).click()
  for (const name of ['held-out-wordings', 'held-out-sections']) {
    await page.getByRole('button', { name: `Remove ${name}` }).click()
    await page.getByRole('button', { name: 'Remove from the project' }).click()
    await page.getByText(`${name} is removed.`).first().waitFor()
  }
  await goToStep(page, 'Train')
  await limitSteps(page, steps)
  await page.getByRole('button', { name: 'Start training' }).click()
  await page
    .getByText(/Step [1-9]\d* of/)
    .first()
    .waitFor({ timeout: 60_000 })
}

describe.skipIf(withoutBrowser)('a run that does not go through at once', () => {
  test('is paused, found again after a reload, and resumed to its end', { timeout: 240_000 }, async () => {
    const { page, trainers, complaints } = await openWindow()
    await startRun(page, 12)

    // Closing the window during a run asks first, and whoever says no stays. Electron asks by a dialog of its own.
    if (usualHost === 'web') {
      const asked = page.waitForEvent('dialog')
      await page.close({ runBeforeUnload: true })
      const dialog = await asked
      expect(dialog.type()).toBe('beforeunload')
      await dialog.dismiss()
    }
    await page.getByRole('button', { name: 'Pause' }).click()
    await page
      .getByText(/Paused at step/)
      .first()
      .waitFor({ timeout: 60_000 })
    await expect.poll(trainers, { timeout: 20_000 }).toEqual([])

    await page.reload()
    await page
      .getByText(/Paused at step/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Resume' }).first().click()
    await page.getByText('Finished').first().waitFor({ timeout: 120_000 })
    expect(complaints).toEqual([])
  })

  test('says why when its process is killed, and is resumed to its end', { timeout: 240_000 }, async () => {
    const { page, trainers, complaints } = await openWindow()
    await startRun(page, 14)
    // The process that measured the time may still be on its way out.
    await expect.poll(() => trainers().length, { timeout: 20_000 }).toBe(1)
    for (const trainer of trainers()) process.kill(trainer, 'SIGKILL')
    await page
      .getByText(/The trainer process was ended by SIGKILL/)
      .first()
      .waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Resume' }).first().click()
    await page.getByText('Finished').first().waitFor({ timeout: 120_000 })
    expect(complaints).toEqual([])
  })

  test(
    'leaves no process behind when the host is ended, and is offered again',
    { timeout: 240_000 },
    async () => {
      const { page, home, trainers, quit } = await openWindow()
      await startRun(page, 400)
      const atWork = trainers()
      // In Electron itself its processes cannot be told apart.
      if (usualHost !== 'electron') expect(atWork).not.toEqual([])
      await quit()
      expect(atWork.filter(isAlive)).toEqual([])

      const again = await openWindow({ home })
      await again.page
        .getByRole('link', { name: /Sample: digital identity/ })
        .first()
        .click()
      await goToStep(again.page, 'Train')
      await again.page
        .getByText(/Paused at step [1-9]/)
        .first()
        .waitFor()
    },
  )
})
