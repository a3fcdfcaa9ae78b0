import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A built window of a few lines, for tests of the hosts alone. */
export async function writeSmallWindow(folder: string): Promise<string> {
  await mkdir(join(folder, 'assets'), { recursive: true })
  await writeFile(
    join(folder, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>Small</title><h1>Small</h1><script type="module" src="/assets/small-1.js"></script>',
  )
  await writeFile(join(folder, 'assets', 'small-1.js'), 'document.body.dataset.loaded = "yes"\n')
  await writeFile(join(folder, '.hidden'), 'hidden')
  return folder
}
