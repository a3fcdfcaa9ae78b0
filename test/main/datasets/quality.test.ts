import { expect, test } from 'vitest'
import { summaryHandlers } from '../../../main/datasets/examples/summary.ts'
import { call, openRecords } from './stored-records.ts'

async function open() {
  const project = await openRecords()
  const { projectId, store } = project
  const handlers = summaryHandlers(project)
  const quality = async () => (await handlers['data.summary']({ projectId }, call)).quality
  const kinds = async () => (await quality()).findings.map(({ level, kind }) => `${level} ${kind}`)
  const holdOut = () =>
    store.run(
      "UPDATE example SET split = CASE id % 10 WHEN 0 THEN 'test' WHEN 1 THEN 'validation' ELSE 'train' END",
    )
  return { ...project, quality, kinds, holdOut }
}

const rows = (count: number, answer: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => ({
    id: `q${i}`,
    title: `Title ${i % 7}`,
    context: `In text ${i} it is said that ${answer(i)} is what there is to say.`,
    question: `What is said in ${i}?`,
    answer: answer(i),
  }))

test('a verdict with its reason, from nothing to good', async () => {
  const { add, quality, kinds, holdOut } = await open()
  expect(await quality()).toMatchObject({ verdict: 'empty', findings: [] })
  await add(rows(30, (i) => `thing ${i}x`))
  await holdOut()
  expect(await quality()).toMatchObject({ verdict: 'too-little' })
  expect((await quality()).reason).toMatch(
    /^30 answered questions: 50 are the least .* 200 or more are usual\.$/,
  )
  await add(rows(100, (i) => `matter ${i}y`))
  await holdOut()
  expect(await quality()).toMatchObject({ verdict: 'fair' })
  expect(await kinds()).toEqual(['warning few'])
  await add(rows(200, (i) => `affair ${i}z`))
  await holdOut()
  expect(await quality()).toEqual({
    verdict: 'good',
    reason: '330 questions, and nothing speaks against them.',
    findings: [],
  })
})

test('what speaks against the data, the worst first', async () => {
  const { add, quality, kinds } = await open()
  await add([
    ...rows(300, () => 'yes'),
    ...Array.from({ length: 60 }, () => ({ context: 'x', question: 'y', answer: 'absent' })),
    { context: 'Ein schÃ¶ner Tag.', question: 'Was?', answer: 'Tag' },
  ])
  expect(await kinds()).toEqual([
    'warning nothing_held_out',
    'warning rejected',
    'warning one_answer',
    'warning text_mojibake',
  ])
  const { reason, findings } = await quality()
  expect(reason).toBe(findings[0]?.message)
  expect(findings[2]?.message).toContain('100 % of the answers are “yes”')
  for (const { message } of findings) expect(message).toMatch(/\.$/)
})

test('answers at the start, unanswerable questions, a single document', async () => {
  const { add, kinds, holdOut } = await open()
  await add([
    ...Array.from({ length: 210 }, (_, i) => ({
      title: 'One',
      context: `Thing${i} is what stands first here.`,
      question: `What stands first in ${i}?`,
      answer: `Thing${i}`,
    })),
    ...Array.from({ length: 220 }, (_, i) => ({
      title: 'One',
      context: `Thing${i} is what stands first here.`,
      question: `Why ${i}?`,
      answers: [],
      is_impossible: true,
    })),
  ])
  await holdOut()
  expect(await kinds()).toEqual(['warning answers_at_start', 'warning unanswerable', 'warning one_document'])
})

test('tasks are judged as tasks', async () => {
  const { add, quality, holdOut } = await open()
  await add(Array.from({ length: 20 }, (_, i) => ({ instruction: `Do ${i}.`, target: `Done ${i}.` })))
  await holdOut()
  expect(await quality()).toMatchObject({ verdict: 'too-little' })
  expect((await quality()).reason).toContain('20 tasks')
})
