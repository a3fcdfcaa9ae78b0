import { onTestFinished, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openBrowser, withoutBrowser } from './support/browser.ts'
import { startWebHost } from './support/web-host.ts'

describe.skipIf(withoutBrowser)('a second web host on one home', () => {
  test('shows in its window what happened and what to do', { timeout: 60_000 }, async () => {
    const home = await temporaryFolder()
    const first = await startWebHost(home)
    onTestFinished(() => first.stop())
    const browser = await openBrowser()
    onTestFinished(() => browser.close())
    const page = await (await browser.newContext()).newPage()
    await page.goto(first.address)
    await page.getByRole('heading', { level: 1 }).waitFor()

    const second = await startWebHost(home)
    onTestFinished(() => second.stop())
    await expect.poll(second.seen).toContain('Loracle is already open with the folder')
    const other = await (await browser.newContext()).newPage()
    await other.goto(second.address)
    await other
      .getByText(/already open with the folder .* Use the window that is open/)
      .first()
      .waitFor()

    // The first goes on, and after it the home can be opened again.
    await page.reload()
    await page.getByRole('button', { name: 'Open the sample' }).waitFor()
    await second.stop()
    await first.stop()
    const third = await startWebHost(home)
    onTestFinished(() => third.stop())
    const again = await (await browser.newContext()).newPage()
    await again.goto(third.address)
    await again.getByRole('button', { name: 'Open the sample' }).waitFor()
  })
})
