import type { Locator, Page } from 'playwright-core'

/** What the tests do in the window, by the names that a person sees or hears. */
export async function goToStep(page: Page, step: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: step }).click()
  await page.getByRole('heading', { level: 1, name: step }).waitFor()
}

/** Opens a part of the data: Examples, Documents, Drafts, … */
export async function openTab(page: Page, tab: string): Promise<void> {
  await page.getByRole('tab', { name: tab }).click()
}

const stepsWithTabs: readonly string[] = ['Data', 'Train', 'Compare']

/** The tabs of a step, once they are there, in a project with data and a run; none where the step has no parts. */
export async function tabsOf(page: Page, step: string): Promise<Locator[]> {
  const tabs = page.getByRole('tab')
  if (stepsWithTabs.includes(step)) await tabs.first().waitFor()
  return tabs.all()
}

/** Opens the sample project from the first screen. */
export async function openSample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open the sample' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
}

/** Starts a project of its own from the first screen. */
export async function createProject(page: Page, name: string): Promise<void> {
  await page
    .getByRole('button', { name: /Start a project|New project/ })
    .first()
    .click()
  await page.getByRole('dialog').getByLabel('Name').fill(name)
  await page.getByRole('dialog').getByRole('button', { name: 'Create the project' }).click()
  await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor()
}

/** Sets how many steps a run takes at most, on the Train screen's advanced settings. */
export async function limitSteps(page: Page, steps: number): Promise<void> {
  await page.getByRole('radio', { name: 'Advanced' }).press('Space')
  const field = page.getByRole('textbox', { name: 'Most steps' })
  await field.fill(String(steps))
  await field.press('Tab')
}

export function text(page: Page, words: string | RegExp): Locator {
  return page.getByText(words).first()
}

/**
 * Drops files and folders onto the window as the system does, with what the browser makes of real paths; or a link,
 * as it is dragged from another window.
 */
export async function dropOnWindow(page: Page, paths: readonly string[], link?: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const items = link === undefined ? [] : [{ mimeType: 'text/uri-list', data: link }]
  const data = { items, files: [...paths], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 500, y: 400, data })
  await session.detach()
}
