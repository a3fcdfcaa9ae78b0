import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

/** Where Chromium usually lies; `LORACLE_CHROMIUM` names another place. */
const places = [
  process.env['LORACLE_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
]

/** The browser for the window's tests; null where the machine has none. */
export const browserPath = places.find((path) => path !== undefined && existsSync(path)) ?? null

/**
 * True where the window's tests cannot run. With `LORACLE_BROWSER_TESTS=required`, as CI sets it, a missing browser
 * is a failure instead.
 */
export const withoutBrowser = browserPath === null && process.env['LORACLE_BROWSER_TESTS'] !== 'required'

if (withoutBrowser)
  process.stderr.write(
    'No Chromium is here: the tests that need one are left out. Install it, or name it in LORACLE_CHROMIUM.\n',
  )

export async function openBrowser(): Promise<Browser> {
  if (browserPath === null)
    throw new Error('No Chromium is here: install it, or name it in LORACLE_CHROMIUM.')
  return chromium.launch({
    executablePath: browserPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
