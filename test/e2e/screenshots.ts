/**
 * Takes a picture of every screen, light and dark, at 1280×800 and 1024×700, and a sheet of all of them, for looking
 * at: `npm exec -- node test/e2e/screenshots.ts --home DIR --out DIR`. The home folder's first project is shown.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { repository } from '../main/spawn-cli.ts'
import { openBrowser } from './support/browser.ts'
import { dropOnWindow, goToStep } from './support/steps.ts'
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
        const tabs = await page.getByRole('tab').all()
        if (tabs.length === 0) await take(`${number + 1}-${step}`)
        for (const [index, tab] of tabs.entries()) {
          await tab.click()
          await take(`${number + 1}-${step}-${index}`)
        }
        if (step === 'Data') await takeImports(page, take)
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

/** What a person sees on the way of files into the project; nothing is imported. */
async function takeImports(page: Page, take: (name: string) => Promise<void>): Promise<void> {
  const sample = (...names: string[]): string => join(repository, 'test', 'samples', 'import', ...names)
  await dropOnWindow(page, [sample('medquad-closed-book', 'input.jsonl')])
  await take('1-Data-rows')
  await page.getByRole('button', { name: /^Instruction \(required\)/ }).click()
  await take('1-Data-sources')
  await page.getByRole('menuitemradio', { name: 'Text from several columns' }).click()
  await take('1-Data-template')
  await page.getByRole('radio', { name: 'As they will be' }).press('Space')
  await take('1-Data-mapped')
  await page.getByRole('button', { name: 'Saved mappings' }).click()
  await take('1-Data-saved-mappings')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Leave it out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Leave it out' }).click()
  await dropOnWindow(page, [sample('zip-path-tricks', 'input.zip')])
  await page.getByText(/passed over/).click()
  await take('1-Data-archive')
  await page.getByRole('button', { name: 'Leave it out' }).click()
  await dropOnWindow(page, [sample('pdf-book', 'input.pdf'), sample('pdf-two-columns', 'input.pdf')])
  await page.getByRole('radio', { name: 'My own size' }).press('Space')
  await take('1-Data-documents')
  await page.getByRole('button', { name: 'Leave them out' }).click()
  await page.getByRole('textbox', { name: 'Web address' }).fill('http://192.168.0.1/guide/')
  await page.keyboard.press('Enter')
  await page.getByRole('radio', { name: 'The pages below it' }).press('Space')
  await take('1-Data-web')
  await page.getByRole('button', { name: 'Read', exact: true }).click()
  await take('1-Data-web-refused')
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('tab', { name: 'Examples' }).click()
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  await take('1-Data-export')
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: 'Drafts' }).click()
  await page.keyboard.press('e')
  await take('1-Data-draft-changed')
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: 'Problems' }).click()
  await page.getByRole('button', { name: 'Mend everything' }).click()
  await take('1-Data-mend-everything')
  await page.keyboard.press('Escape')
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
