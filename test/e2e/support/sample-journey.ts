import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { OpenWindow } from './open-window.ts'
import { goToStep, limitSteps, openSample } from './steps.ts'

/** The whole way of the sample project, as a person goes it: from the first start to an export. */
export async function walkThroughSample(
  { page, home, complaints }: OpenWindow,
  steps: number,
): Promise<void> {
  await openSample(page)
  await goToStep(page, 'Train')
  await limitSteps(page, steps)
  await page.getByRole('button', { name: 'Start training' }).click()
  await page.getByText('Scoring base').first().waitFor()

  // The run goes on without the window's help, and the way to the comparison appears by itself.
  await page.getByRole('link', { name: 'Compare answers' }).click({ timeout: 240_000 })
  await page.getByRole('heading', { level: 1, name: 'Compare' }).waitFor()
  await page.getByText('277 questions').first().waitFor()
  await expect.poll(() => page.getByRole('grid').getByRole('row').count()).toBeGreaterThan(5)
  await page.getByRole('radio', { name: /Both wrong/ }).press('Space')
  await page.getByRole('grid').getByRole('row').nth(1).click()
  await page
    .getByText('What the marks mean')
    .or(page.getByText('Passage', { exact: true }))
    .first()
    .waitFor()

  await goToStep(page, 'Chat')
  await page.getByRole('textbox', { name: 'Question' }).fill('How long must a memorized secret be?')
  await page.keyboard.press('Enter')
  await page
    .getByText(/passages? found/i)
    .first()
    .waitFor({ timeout: 60_000 })
  await page.getByText('Memorized Secret').first().waitFor()

  await goToStep(page, 'Export')
  await page.getByRole('button', { name: 'Export Report', exact: true }).click()
  await page
    .getByText(/Report exported to/)
    .first()
    .waitFor({ timeout: 60_000 })
  const exported = await filesBelow(join(home, 'exports'))
  const report = exported.find((path) => path.endsWith('.html'))
  expect(await readFile(report ?? '', 'utf8')).toContain('Sample: digital identity guidelines')
  expect(complaints).toEqual([])
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
