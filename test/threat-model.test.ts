import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const model = readFileSync(join(root, 'docs', 'threat-model.md'), 'utf8')
/** `file` › “name of a test or group in it”; the name may be left away. */
const named = [...model.matchAll(/`(test\/[\w./-]+\.ts)`(?: › "([^"]+)")?/g)].map(([, file = '', name]) => ({
  file,
  name,
}))

test('every test that the threat model names exists', () => {
  expect(named.length).toBeGreaterThan(40)
  const missing = named.filter(({ file, name }) => {
    const path = join(root, file)
    if (!existsSync(path)) return true
    if (name === undefined) return false
    const declared = new RegExp(String.raw`['"\`]${name.replace(/[.*+?^$()[\]{}|\\/]/g, '\\$&')}['"\`],`)
    return !declared.test(readFileSync(path, 'utf8'))
  })
  expect(missing).toEqual([])
})

test('every door has an attack, what stops it, and a test that tries', () => {
  const doors = model.split(/^### /m).slice(1)
  expect(doors.length).toBeGreaterThan(10)
  for (const door of doors) {
    const rows =
      door
        .split(/^## /m)[0]
        ?.split('\n')
        .filter((line) => line.startsWith('| ')) ?? []
    const [head, rule, ...attacks] = rows
    expect([head, rule?.replace(/[-| ]/g, '')]).toEqual([
      expect.stringMatching(/Attack +\| What stops it +\| Tried by/),
      '',
    ])
    expect(attacks.length).toBeGreaterThan(0)
    for (const attack of attacks) expect(attack).toMatch(/`test\/|the same/)
  }
})
