import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { headOf, isAllowed, licenceOf } from './licence-texts.ts'
import { shippedPackages } from './shipped-packages.ts'
import type { LockedPackage, LockedPackages } from './shipped-packages.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (...parts: readonly string[]): string => readFileSync(join(root, ...parts), 'utf8')
const manifest = JSON.parse(read('package.json')) as LockedPackage & { readonly overrides?: object }
const { packages } = JSON.parse(read('package-lock.json')) as { readonly packages: LockedPackages }
const wanted = {
  ...manifest.dependencies,
  ...manifest.devDependencies,
  ...manifest.optionalDependencies,
}
const shipped = shippedPackages(packages)

test('every dependency is pinned, and the lock file holds these versions', () => {
  for (const [name, version] of Object.entries(wanted)) {
    expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.\d+$/)
    expect([name, packages[`node_modules/${name}`]?.version]).toEqual([name, version])
  }
  const { dependencies, devDependencies, optionalDependencies } = packages[''] ?? {}
  expect({ ...dependencies, ...devDependencies, ...optionalDependencies }).toEqual(wanted)
  // New ones are pinned, too.
  expect(read('.npmrc')).toMatch(/^save-exact=true$/m)
})

test('the lock file knows the contents of every package, and of no place that it comes from', () => {
  const locked = Object.entries(packages).filter(([place]) => place !== '')
  expect(locked.length).toBeGreaterThan(300)
  for (const [place, { version, integrity, resolved, link }] of locked) {
    expect([place, version]).toEqual([place, expect.stringMatching(/^\d+\.\d+\.\d+/)])
    // Of SHA-512: a digest of 64 bytes.
    expect([place, integrity]).toEqual([place, expect.stringMatching(/^sha512-[\w+/]{86}==$/)])
    // Where it is had from is the business of whoever installs.
    expect([place, resolved, link]).toEqual([place, undefined, undefined])
  }
})

test('every package that is shipped stands under a licence that lets us, and in the list with its text', () => {
  expect(shipped.length).toBeGreaterThan(100)
  expect(shipped.filter((one) => !isAllowed(licenceOf(one) ?? '')).map(headOf)).toEqual([])
  const sections = read('assets', 'licences', 'third-party.txt')
    .split(/\n-{80}\n/)
    .slice(1)
  const listed = sections.flatMap((section) => section.trim().split('\n\n')[0]?.split('\n') ?? [])
  // Out of date: npm exec -- node test/licences/write.ts
  expect(listed.toSorted()).toEqual(shipped.map(headOf).toSorted())
  for (const section of sections) expect(section.length).toBeGreaterThan(400)
  for (const name of ['LICENSE', 'ThirdPartyNotices.txt'])
    expect(existsSync(join(root, 'assets', 'licences', 'onnxruntime', name))).toBe(true)
})

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-or-later)', true],
  ['(MIT AND Zlib)', true],
  ['MIT AND GPL-3.0-only', false],
  ['AGPL-3.0-only', false],
  ['(MIT OR (GPL-2.0 AND X))', false],
  ['SEE LICENSE IN LICENSE', false],
  ['', false],
])('of the licence %o it is known whether we may ship it: %s', (licence, allowed) => {
  expect(isAllowed(licence)).toBe(allowed)
})

test('docs/dependencies.md judges every dependency in the version that is used', () => {
  const judged = [...read('docs', 'dependencies.md').matchAll(/^\| `([^`]+)` +\| ([\d.]+) +\|/gm)]
  const rows = judged.map(([, name, version]) => `${name} ${version}`)
  expect(new Set(rows).size).toBe(rows.length)
  for (const [name, version] of Object.entries(wanted)) expect(rows).toContain(`${name} ${version}`)
  const direct = new Set(Object.keys(wanted))
  for (const { name, version } of shipped) if (!direct.has(name)) expect(rows).toContain(`${name} ${version}`)
})
