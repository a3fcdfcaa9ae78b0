import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { withoutBrowser } from './support/browser.ts'
import { openWindow, usualHost } from './support/open-window.ts'
import { walkThroughSample } from './support/sample-journey.ts'

describe.skipIf(withoutBrowser)('the sample project, from the first start to an export', () => {
  test(`in the ${usualHost} host`, { timeout: 400_000 }, async () => {
    const window = await openWindow()
    await walkThroughSample(window, 6)
    if (usualHost !== 'web') return
    const { page } = window
    const download = page.waitForEvent('download', { timeout: 60_000 })
    await page
      .getByRole('button', { name: /Download Report/ })
      .or(page.getByRole('link', { name: /Download Report/ }))
      .first()
      .click()
    expect(await readFile(await (await download).path(), 'utf8')).toContain('<html')
  })

  // A test double of Electron, with the real main and preload; see its README.
  test.runIf(usualHost === 'web')('in the stand-in for Electron', { timeout: 400_000 }, async () => {
    await walkThroughSample(await openWindow({ host: 'stand-in' }), 2)
  })
})
