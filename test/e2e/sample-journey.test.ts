import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { withoutBrowser } from './support/browser.ts'
import { openWindow, usualHost } from './support/open-window.ts'
import { refusedNetwork } from '../privacy/refused-network.ts'
import { walkThroughSample } from './support/sample-journey.ts'
import { goToStep } from './support/steps.ts'

describe.skipIf(withoutBrowser)('the sample project, from the first start to an export', () => {
  test(`in the ${usualHost} host, which asks nothing of any network`, { timeout: 400_000 }, async () => {
    const network = await refusedNetwork()
    const window = await openWindow({ env: network.env })
    const { page, requests } = window
    await page.reload()
    await walkThroughSample(window, 6)
    if (usualHost !== 'web') return
    expect(await network.attempts()).toEqual([])
    const { host } = new URL(page.url())
    expect(requests.length).toBeGreaterThan(2)
    expect(requests.filter((one) => new URL(one).host !== host)).toEqual([])
    const download = page.waitForEvent('download', { timeout: 60_000 })
    await page
      .getByRole('button', { name: /Download Report/ })
      .or(page.getByRole('link', { name: /Download Report/ }))
      .first()
      .click()
    expect(await readFile(await (await download).path(), 'utf8')).toContain('<html')

    // What a person asks for is tried, and nothing beside it.
    await goToStep(page, 'Data')
    await page.getByRole('textbox', { name: 'Web address' }).fill('https://leaflets.example/guide/')
    await page.keyboard.press('Enter')
    await page
      .getByRole('dialog', { name: 'Read from the web' })
      .getByRole('button', { name: 'Read' })
      .click()
    await page.getByRole('alert').first().waitFor()
    await page.keyboard.press('Escape')
    await goToStep(page, 'Model')
    await page
      .getByRole('button', { name: /^Download / })
      .first()
      .click()
    await expect.poll(network.attempts).toContainEqual(expect.stringContaining('huggingface.co'))
    const asked = /^\S+ (leaflets\.example|huggingface\.co)(:443)?$/
    expect((await network.attempts()).filter((one) => !asked.test(one))).toEqual([])
    expect(await network.attempts()).toContainEqual(expect.stringContaining('leaflets.example'))
  })

  // A test double of Electron, with the real main and preload; see its README.
  test.runIf(usualHost === 'web')('in the stand-in for Electron', { timeout: 400_000 }, async () => {
    await walkThroughSample(await openWindow({ host: 'stand-in' }), 2)
  })
})
