import { expect, it } from 'vitest'
import { locateJsonFault } from '../../trainer/data/json-position.ts'
import { seededRandom } from '../../trainer/data/random.ts'

it.each([
  ['', 1, 1],
  ['[1,2', 1, 5],
  ['{"a":1,}', 1, 8],
  ['{"a" 1}', 1, 6],
  ['[1 2]', 1, 4],
  ['[1,]', 1, 4],
  ['{\n  "a": [1,\n    two]\n}', 3, 5],
  ["{'a':1}", 1, 2],
  ['[01]', 1, 2],
  ['{"a":"x\ty"}', 1, 6],
  ['[1]]', 1, 4],
  ['[1}', 1, 3],
  ['{"a":1} {"b":2}', 1, 9],
  ['NaN', 1, 1],
])('finds the fault of %j', (text, line, column) => {
  expect(() => JSON.parse(text) as unknown).toThrow()
  expect(locateJsonFault(text)).toMatchObject({ line, column })
})

it('finds a fault exactly where JSON.parse does', () => {
  const valid = '{"a":[1,-2.5e3,true,null,"x\\u00e9\\n"],"b":{},"c":[],"d":{"e":[{"f":""}]}}'
  const characters = '{}[],:"\\ 0a.-\n'
  let refused = 0
  for (let round = 0; round < 3000; round++) {
    const random = seededRandom('json', round)
    const at = Math.floor(random() * valid.length)
    const text =
      valid.slice(0, at) +
      characters[Math.floor(random() * characters.length)] +
      valid.slice(at + Math.floor(random() * 2))
    let accepted = true
    try {
      JSON.parse(text)
    } catch {
      accepted = false
      refused++
    }
    expect(locateJsonFault(text) === null, text).toBe(accepted)
  }
  expect(refused).toBeGreaterThan(1000)
})
