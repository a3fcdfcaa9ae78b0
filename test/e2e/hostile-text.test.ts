import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { repository } from '../main/spawn-cli.ts'
import { withoutBrowser } from './support/browser.ts'
import { hostileFiles, hostileHome } from './support/hostile-home.ts'
import { openWindow } from './support/open-window.ts'
import { dropOnWindow, goToStep, tabsOf } from './support/steps.ts'

/** Kept in the page from its first script on: what its policy refused. */
const watchPolicy = `addEventListener('securitypolicyviolation', ({ violatedDirective: rule, blockedURI: what }) =>
  (window.refused ??= []).push(rule + ' ' + what))`

/** What in the page a text has made, where an address leads that is not ours, and which names turn their sentence. */
const lookAround = `(() => {
  const found = []
  if (window.owned !== undefined) found.push('a script ran')
  const made = 'x-owned, iframe, object, embed, base, img, video, audio, meta[http-equiv=refresh], style, form[action],' +
    'script:not([src*="/assets/"]), link:not([rel=icon], [rel=stylesheet], [rel=modulepreload]), [srcdoc], [target]'
  for (const element of document.querySelectorAll(made)) found.push('made: ' + element.outerHTML.slice(0, 80))
  for (const element of document.querySelectorAll('*'))
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on')) found.push('handler: ' + name)
      const isAddress = name === 'href' || name === 'xlink:href' || name === 'src'
      if (isAddress && !/^(#\\/|\\/download\\/|\\.?\\/assets\\/|data:image\\/svg)/.test(value)) found.push('address: ' + value)
    }
  // A character that turns the direction must find the end of its reach before the sentence around it goes on.
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const turning = /[\\u202a-\\u202e\\u2066-\\u2069]/
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!turning.test(node.data) || node.parentElement.closest('script, style')) continue
    let box = node.parentElement
    while (box && getComputedStyle(box).display === 'inline' && !/isolate|plaintext/.test(getComputedStyle(box).unicodeBidi))
      box = box.parentElement
    // A text with marks in it is one text.
    const unit = box.querySelector('mark') ? box : node
    const rest = new Range()
    rest.setStartAfter(unit)
    rest.setEndAfter(box)
    const behind = rest.toString().trim()
    if (behind !== '') found.push('turned: ' + box.tagName + '.' + box.className + ' in ' + behind.slice(0, 60))
    if (box.closest('[role=alert], .notices')) found.push('turned: a sentence, ' + node.data.slice(0, 60))
  }
  return found
})()`

async function found(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(lookAround)
}

describe.skipIf(withoutBrowser)('hostile texts in the window', () => {
  test('are shown as texts on every screen, and lead nowhere', { timeout: 120_000 }, async () => {
    const home = await hostileHome()
    const files = await hostileFiles()
    const { page, complaints } = await openWindow({ home, files })
    await page.addInitScript(watchPolicy)
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await page.reload()
    await page.getByRole('link', { name: 'gnp.exe' }).first().waitFor()

    const problems: string[] = []
    const silent: string[] = []
    const look = async (where: string): Promise<void> => {
      problems.push(...(await found(page)).map((one) => `${where}: ${one}`))
      const text = await page.evaluate<string>('document.body.innerText')
      // A screen that shows none of it has shown nothing.
      if (!/<x-owned|gnp\.exe/.test(text)) silent.push(where)
      if (process.env['LORACLE_SCREENS'] !== undefined)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          const name = `hostile-${where.replace(/\W+/g, '-')}-${colorScheme}.png`
          await page.screenshot({ path: join(repository, 'test-results', name) })
        }
    }

    await look('Home')
    await page.getByRole('link', { name: 'gnp.exe' }).first().click()
    for (const step of ['Data', 'Model', 'Train', 'Compare', 'Chat', 'Export']) {
      await goToStep(page, step)
      for (const tab of await tabsOf(page, step)) {
        await tab.click()
        await page.waitForLoadState('networkidle')
        await page.waitForTimeout(100)
        await look(`${step}, ${(await tab.textContent())?.trim() ?? ''}`)
      }
      await page.waitForTimeout(100)
      await look(step)
    }
    await goToStep(page, 'Compare')
    await page.getByRole('tab').first().click()
    await page.getByRole('grid').getByRole('row').nth(1).click()
    await look('Compare, a question')
    await goToStep(page, 'Data')
    await page.getByRole('tab', { name: 'Examples' }).click()
    await page.getByRole('grid').getByRole('row').nth(1).click()
    await look('Data, an example')
    for (const file of files) {
      await dropOnWindow(page, [file])
      await page
        .getByRole('button', { name: /^(Import|Leave (it|them) out)$/ })
        .first()
        .waitFor()
      await look(`Data, ${file.endsWith('.csv') ? 'a table' : 'a text'} on its way in`)
      await page
        .getByRole('button', { name: /^Leave (it|them) out$/ })
        .first()
        .click()
      await page
        .getByRole('dialog')
        .getByRole('button')
        .last()
        .click({ timeout: 1000 })
        .catch(() => undefined)
    }

    expect(problems).toEqual([])
    expect(silent).toEqual([])
    // A link or a file that is dropped beside a drop zone does not replace the window.
    await goToStep(page, 'Chat')
    const before = page.url()
    await dropOnWindow(page, [], 'https://evil.example/')
    await dropOnWindow(page, [files[1]])
    expect(page.url()).toBe(before)
    // In Electron the window's origin is app://loracle, which URL calls opaque.
    const own = /^\w+:\/\/[^/]+\//.exec(before)?.[0] ?? ''
    expect(requests.filter((url) => !url.startsWith(own) && !url.startsWith('data:image/'))).toEqual([])
    expect(await page.evaluate('window.refused ?? []')).toEqual([])
    expect(complaints).toEqual([])

    // The policy that has had nothing to refuse is there.
    await page.evaluate(`(() => {
      try { document.body.innerHTML = '<img src=x onerror="window.owned = 1">' } catch {}
      document.body.setAttribute('style', 'display:none')
      void fetch('https://evil.example/').catch(() => undefined)
    })()`)
    await expect
      .poll(() =>
        page.evaluate<string[]>(
          "[...new Set((window.refused ?? []).map((one) => one.split(' ')[0]))].sort()",
        ),
      )
      .toEqual(['connect-src', 'require-trusted-types-for', 'style-src-attr'])
    expect(await page.evaluate('window.owned')).toBeUndefined()
  })
})
