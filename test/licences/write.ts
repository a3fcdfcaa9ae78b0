/**
 * Writes assets/licences/third-party.txt: every package that is shipped, with its version and the text of its licence,
 * from package-lock.json and node_modules. To be run after every change of a dependency, on Linux, where all of them
 * are installed: `npm exec -- node test/licences/write.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { headOf, isAllowed, licenceList, licenceOf } from './licence-texts.ts'
import { shippedPackages } from './shipped-packages.ts'
import type { LockedPackages } from './shipped-packages.ts'

const root = join(import.meta.dirname, '..', '..')
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: LockedPackages
}
const shipped = shippedPackages(packages)
const refused = shipped.filter((one) => !isAllowed(licenceOf(one) ?? ''))
if (refused.length > 0) {
  process.stderr.write(`These may not be shipped:\n${refused.map(headOf).join('\n')}\n`)
  process.exit(1)
}
const text = licenceList(shipped, root)
writeFileSync(join(root, 'assets', 'licences', 'third-party.txt'), text)
process.stdout.write(`${shipped.length} packages, ${Math.ceil(text.length / 1024)} kB\n`)
