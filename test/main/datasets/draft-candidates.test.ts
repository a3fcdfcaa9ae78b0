import { describe, expect, test } from 'vitest'
import { answerCandidates } from '../../../main/datasets/drafting/candidates.ts'
import type { Candidate } from '../../../main/datasets/drafting/candidates.ts'
import { sentencesAround } from '../../../main/datasets/drafting/sentences-around.ts'

const found = (text: string, most = 12) => answerCandidates(text, most).map((one) => [one.kind, one.text])

type Wanted = readonly (readonly [Candidate['kind'], string])[]
/** What the rules must find in a sentence, and what must not be among it. */
const sentences: readonly (readonly [text: string, wanted: Wanted, unwanted: RegExp | null])[] = [
  [
    'The bridge was opened on 4 March 1911 by the mayor.',
    [
      ['date', '4 March 1911'],
      ['phrase', 'mayor'],
    ],
    null,
  ],
  ['It was signed on March 4, 1911, in a small hall.', [['date', 'March 4, 1911']], null],
  [
    'The mill was built in 1743 and burnt in the 1860s.',
    [
      ['date', '1743'],
      ['date', '1860s'],
    ],
    null,
  ],
  ['Work began early in the 19th century under two kings.', [['date', '19th century']], null],
  ['The pump delivers 3,000 litres of water each minute.', [['quantity', '3,000 litres']], null],
  ['Wait for twelve minutes before you open the lid.', [['quantity', 'twelve minutes']], null],
  [
    'About 61.1% of the people voted, up from 20 per cent.',
    [
      ['percent', '61.1%'],
      ['percent', '20 per cent'],
    ],
    null,
  ],
  ['The city paid $3.2 million for the tower last year.', [['money', '$3.2 million']], null],
  ['Entry costs 12 euros for those who come by train.', [['money', '12 euros']], null],
  [
    'The World Health Organization (WHO) gave advice to every country.',
    [
      ['acronym', 'World Health Organization'],
      ['acronym', 'WHO'],
    ],
    null,
  ],
  ['The treaty was prepared by Ada Lovelace in her house.', [['name', 'Ada Lovelace']], null],
  ['The fleet of the Republic of Venice lay near the shore.', [['name', 'Republic of Venice']], null],
  ['However, nothing of all this was ever found again.', [], /However/],
  ['A capacitor is a device that stores energy for a while.', [['definition', 'capacitor']], null],
  ['The word hub means the middle of a wheel, say the old.', [['definition', 'the middle of a wheel']], null],
  ['The old method is also known as pair programming by now.', [['called', 'pair programming']], null],
  ['They spoke of “dry docking” whenever a ship came in.', [['quoted', 'dry docking']], null],
  ['The cable must be checked by the operator after each shift.', [['phrase', 'operator']], null],
  ['- wash the filter', [['entry', 'wash the filter']], null],
  ['WARNING: KEEP AWAY FROM CHILDREN AND OPEN FIRE.', [], /CHILDREN/],
  [
    'Die Elbe ist 1.094 km lang und mündet bei Cuxhaven.',
    [
      ['quantity', '1.094 km'],
      ['name', 'Cuxhaven'],
    ],
    null,
  ],
  ['El puente se llama «Puente Nuevo» y mide 98 m de alto.', [['quoted', 'Puente Nuevo']], null],
]

describe('answer candidates', () => {
  test.each(sentences)('%s', (text, wanted, unwanted) => {
    const candidates = found(text)
    for (const one of wanted) expect(candidates).toContainEqual(one)
    if (unwanted) for (const [, candidate] of candidates) expect(candidate).not.toMatch(unwanted)
  })

  const passage =
    'The Rhine 🏞 rises in the canton of Graubünden and flows for 1,230 km. Its largest city is Cologne, with 1,050,000 people. ' +
    'In 1932 the figure was stated as 1,232 km. The Rhine was called Rhenus in Latin. It is crossed by the Central Bridge in Basel.'

  test('stand where they say, in code points, apart from one another, and none twice', () => {
    const candidates = answerCandidates(passage, 50)
    const points = [...passage]
    expect(candidates.length).toBeGreaterThan(6)
    let end = 0
    for (const { text, start } of candidates) {
      expect(points.slice(start, start + [...text].length).join('')).toBe(text)
      expect(start).toBeGreaterThanOrEqual(end)
      end = start + [...text].length
    }
    const texts = candidates.map(({ text }) => text)
    expect(new Set(texts).size).toBe(texts.length)
  })

  test('are at most as many as asked for, spread over the sentences', () => {
    for (const most of [1, 3, 5]) expect(answerCandidates(passage, most)).toHaveLength(most)
    const sentencesHit = new Set(
      answerCandidates(passage, 5).map(
        ({ start }) => [...passage].slice(0, start).join('').split(/[.] /).length,
      ),
    )
    expect(sentencesHit.size).toBe(5)
  })

  test('are no sentences, and no longer than twelve words', () => {
    expect(found('Ada Lovelace.')).toEqual([])
    const long = `It means ${Array.from({ length: 20 }, (_, i) => `word${i}`).join(' ')}.`
    for (const [, text = ''] of found(`${long} ${long}`))
      expect(text.split(' ').length).toBeLessThanOrEqual(12)
  })

  test('are found in hostile texts within a second', () => {
    const patterns = [
      'A',
      'A ',
      '1,',
      '"',
      'is the a ',
      '(A',
      '- ',
      '1 ',
      "a'",
      'known as ',
      '“',
      'Ab of ',
      '\ud83d',
    ]
    for (const pattern of patterns) {
      const start = performance.now()
      answerCandidates(pattern.repeat(60_000), 12)
      expect(performance.now() - start).toBeLessThan(2000)
    }
  })
})

describe('the sentences around an answer', () => {
  const text =
    'Ada wrote the notes in London during one long winter.  She was 27 years old, and they\nwere printed. It sold.'
  const around = (answer: string) => {
    const start = text.indexOf(answer)
    return sentencesAround(text, { start, end: start + answer.length })
  }

  test('are the sentence itself where it stands alone', () => {
    expect(around('London')).toBe('Ada wrote the notes in London during one long winter.')
  })

  test('begin before one that leans on the sentence before it or says little', () => {
    expect(around('27 years')).toMatch(/^Ada wrote .* winter[.] She was 27 years old/)
    expect(around('sold')).toMatch(/^were printed[.] It sold[.]$/)
  })

  test('are cut to the nearest words where there is no end to them', () => {
    const endless = `${'word '.repeat(1000)}needle ${'word '.repeat(1000)}`
    const start = endless.indexOf('needle')
    const cut = sentencesAround(endless, { start, end: start + 6 })
    expect(cut).toMatch(/^word .*word needle word .*word$/)
    expect(cut.length).toBeLessThan(900)
  })
})
