/**
 * Takes a picture of every screen, light and dark, at 1280×800 and 1024×700, and a sheet of all of them, for looking
 * at: `npm exec -- node test/e2e/screenshots.ts --home DIR --out DIR`. The home folder's first project is shown.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { openBrowser } from './support/browser.ts'
import { visitDataStates } from './support/data-states.ts'
import { goToStep, tabsOf } from './support/steps.ts'
import { startWebHost } from './support/web-host.ts'

const { values } = parseArgs({
  options: { home: { type: 'string' }, out: { type: 'string', default: 'test-results/screens' } },
})
if (!values.home)
  throw new Error('Name a home folder with --home: one that holds a project with a finished run.')
const out = resolve(values.out)
await mkdir(out, { recursive: true })

const host = await startWebHost(resolve(values.home))
const browser = await openBrowser()
try {
  for (const [width, height] of [
    [1280, 800],
    [1024, 700],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      await page.goto(host.address)
      await page.getByRole('heading', { level: 1 }).waitFor()
      const take = async (name: string): Promise<void> => {
        await page.waitForTimeout(900)
        await page.screenshot({ path: join(out, `${width}-${colorScheme}-${name}.png`) })
      }
      await take('0-home')
      await page.locator('main').getByRole('link').filter({ hasText: /./ }).first().click()
      for (const [number, step] of ['Data', 'Model', 'Train', 'Compare', 'Chat', 'Export'].entries()) {
        await goToStep(page, step)
        const tabs = await tabsOf(page, step)
        if (tabs.length === 0) await take(`${number + 1}-${step}`)
        for (const [index, tab] of tabs.entries()) {
          await tab.click()
          await take(`${number + 1}-${step}-${index}`)
        }
        if (step === 'Data') await visitDataStates(page, (name) => take(`1-Data-${name}`))
        if (step === 'Compare') {
          await page.getByRole('tab').first().click()
          await page.getByRole('grid').getByRole('row').nth(1).click()
          await take('4-Compare-detail')
        }
      }
      await context.close()
    }
  await writeSheets()
} finally {
  await browser.close()
  await host.stop()
}

/** Nine pictures to a page. */
async function writeSheets(): Promise<void> {
  const names = (await readdir(out)).filter((name) => /^\d+-(light|dark)/.test(name)).sort()
  const page = await browser.newPage({ viewport: { width: 1920, height: 1000 } })
  for (let first = 0; first < names.length; first += 9) {
    const pictures = names
      .slice(first, first + 9)
      .map((name) => `<figure><img src="${name}"><figcaption>${name}</figcaption></figure>`)
    const html = `<style>body{margin:0;background:#777;display:grid;grid-template-columns:repeat(3,1fr);gap:6px;font:11px sans-serif}figure{margin:0}img{width:100%}</style>${pictures.join('')}`
    const path = join(out, `sheet-${first / 9}.html`)
    await writeFile(path, html)
    await page.goto(pathToFileURL(path).href)
    await page.screenshot({ path: path.replace('.html', '.png'), fullPage: true })
  }
}
