import { expect, it } from 'vitest'
import { codePointIndex, codePointLength } from '../../trainer/data/code-points.ts'
import { seededRandom } from '../../trainer/data/random.ts'

it('converts offsets as counting code points one by one does', () => {
  const alphabet = ['a', 'é', '日', '😀', '𐍈', '\ud800', '\udc00', ' ']
  for (let round = 0; round < 200; round++) {
    const random = seededRandom('code points', round)
    const length = Math.floor(random() * 20)
    const text = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
    const characters = Array.from(text)
    const index = codePointIndex(text)
    expect(index.length).toBe(characters.length)
    expect(codePointLength(text)).toBe(characters.length)
    for (let i = 0; i <= characters.length; i++) {
      const utf16 = characters.slice(0, i).join('').length
      expect(index.toUtf16(i)).toBe(utf16)
      expect(index.toCodePoints(utf16)).toBe(i)
    }
  }
})
