import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { findings } from './support/axe.ts'
import { withoutBrowser } from './support/browser.ts'
import { visitDataStates } from './support/data-states.ts'
import { openWindow } from './support/open-window.ts'
import { prepareHome } from './support/prepared-home.ts'
import { goToStep, tabsOf } from './support/steps.ts'

/** True where something is cut or pushes the page wider than the window. */
async function overflows(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
}

describe.skipIf(withoutBrowser)('every screen', () => {
  test(
    'has names, contrast and order for everybody, light and dark, in both sizes',
    { timeout: 240_000 },
    async () => {
      const { home } = await prepareHome()
      const { page, complaints } = await openWindow({ home })
      const found: string[] = []
      const look = async (where: string): Promise<void> => {
        for (const [width, height] of [
          [1280, 800],
          [1024, 700],
        ] as const)
          for (const theme of ['light', 'dark'] as const) {
            await page.setViewportSize({ width, height })
            await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
            found.push(...(await findings(page)).map((one) => `${where}, ${theme}, ${width}: ${one}`))
            if (await overflows(page)) found.push(`${where}, ${theme}, ${width}: wider than the window`)
          }
      }

      await look('Home')
      await page
        .getByRole('link', { name: /Returns/ })
        .first()
        .click()
      for (const step of ['Data', 'Model', 'Train', 'Compare', 'Chat', 'Export']) {
        await goToStep(page, step)
        await page.waitForLoadState('networkidle')
        await look(step)
        for (const tab of await tabsOf(page, step)) {
          await tab.click()
          await look(`${step}, ${(await tab.textContent())?.trim() ?? ''}`)
        }
        if (step === 'Train') {
          await page.getByRole('tab', { name: 'Try several settings' }).click()
          await page.getByRole('button', { name: 'New search' }).click()
          await page.getByRole('radio', { name: 'Advanced' }).press('Space')
          await look('Train, a new search')
        }
        if (step === 'Data') await visitDataStates(page, (state) => look(`Data, ${state}`))
      }
      expect(found).toEqual([])
      expect(complaints).toEqual([])
    },
  )
})
