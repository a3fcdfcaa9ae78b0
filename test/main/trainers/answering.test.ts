import { expect, test } from 'vitest'
import { longQuestion as long, openAnsweringApp } from '../../support/answering-app.ts'
import { isAlive } from '../spawn-cli.ts'

test('questions are answered one after another by one process, which says when it has to load', async () => {
  const { answering, trainers, request } = await openAnsweringApp()
  let loadings = 0
  const tokens: string[] = []
  const options = {
    onLoading: () => loadings++,
    onToken: (_column: number, text: string) => tokens.push(text),
  }
  const answers = await Promise.all([answering.ask(request(), options), answering.ask(request(), options)])
  expect(answers[0].columns).toHaveLength(1)
  expect(answers[0].columns[0]?.answers).toEqual(answers[1].columns[0]?.answers)
  expect(tokens.join('').length).toBeGreaterThan(0)
  expect(loadings).toBe(1)
  expect(trainers).toHaveLength(1)
})

test('texts are written between questions, by the same process, and can be taken back', async () => {
  const { answering, trainers, request } = await openAnsweringApp()
  const { model } = request()
  const writing = { model, adapter: null, prompts: ['so so', 'The one'], settings: { maxTargetLength: 4 } }
  let loadings = 0
  const [asked, written] = await Promise.all([
    answering.ask(request(), { onLoading: () => loadings++ }),
    answering.write(writing, { onLoading: () => loadings++ }),
  ])
  expect(asked.columns).toHaveLength(1)
  expect(written.texts.map(({ score }) => score < 0)).toEqual([true, true])
  expect(loadings).toBe(1)

  const [first, second] = [new AbortController(), new AbortController()]
  const many = {
    ...writing,
    prompts: Array.from({ length: 3_000 }, (_, i) => `The ${i}`),
    settings: { maxTargetLength: 32, numBeams: 16 },
  }
  const open = [first, second].map(({ signal }) =>
    answering.write(many, { signal }).catch((thrown: unknown) => thrown),
  )
  second.abort()
  expect(await open[1]).toMatchObject({ code: 'cancelled' })
  first.abort()
  expect(await open[0]).toMatchObject({ code: 'cancelled' })
  await expect(answering.write({ ...writing, prompts: [] })).rejects.toMatchObject({ code: 'usage' })
  expect((await answering.ask(request())).columns).toHaveLength(1)
  expect(trainers).toHaveLength(1)
})

test('a question that the trainer refuses fails alone', async () => {
  const { answering, trainers, request } = await openAnsweringApp()
  await expect(answering.ask(request({ model: '/no/such/model' }))).rejects.toMatchObject({
    code: 'file_missing',
  })
  expect((await answering.ask(request())).columns).toHaveLength(1)
  expect(trainers).toHaveLength(1)
})

test('a crash fails the question at hand; the one behind it is answered by a new process', async () => {
  const { answering, trainers, request, pid } = await openAnsweringApp()
  await answering.ask(request())
  const crashed = answering.ask(request(long)).catch((thrown: unknown) => thrown)
  const behind = answering.ask(request())
  await new Promise((resolve) => setTimeout(resolve, 100))
  process.kill(pid(0), 'SIGKILL')
  expect(await crashed).toMatchObject({
    code: 'trainer_crashed',
    message: expect.stringMatching(/SIGKILL.*Ask again\./) as string,
  })
  expect((await behind).columns).toHaveLength(1)
  expect(trainers).toHaveLength(2)
})

test('a question can be taken back while it is answered and while it waits', async () => {
  const { answering, trainers, request } = await openAnsweringApp()
  await answering.ask(request())
  const [first, second] = [new AbortController(), new AbortController()]
  const answered = answering.ask(request(long), { signal: first.signal }).catch((thrown: unknown) => thrown)
  const waiting = answering.ask(request(), { signal: second.signal }).catch((thrown: unknown) => thrown)
  second.abort()
  expect(await waiting).toMatchObject({ code: 'cancelled' })
  first.abort()
  expect(await answered).toMatchObject({ code: 'cancelled' })
  expect((await answering.ask(request())).columns).toHaveLength(1)
  expect(trainers).toHaveLength(1)
  await expect(answering.ask(request(), { signal: first.signal })).rejects.toMatchObject({
    code: 'cancelled',
  })
})

test('an idle process ends, and the next question starts another', async () => {
  const { answering, trainers, request, pid } = await openAnsweringApp({ idleMs: 100 })
  await answering.ask(request())
  await expect.poll(() => isAlive(pid(0)), { timeout: 5_000 }).toBe(false)
  await answering.ask(request())
  expect(trainers).toHaveLength(2)
})

test('disposed, it takes its process with it and answers nothing more', async () => {
  const { answering, request, pid } = await openAnsweringApp()
  await answering.ask(request())
  const open = [answering.ask(request(long)), answering.ask(request())].map((one) =>
    one.catch((thrown: unknown) => thrown),
  )
  await answering.dispose()
  expect(await Promise.all(open)).toMatchObject([{ code: 'cancelled' }, { code: 'cancelled' }])
  expect(isAlive(pid(0))).toBe(false)
  await expect(answering.ask(request())).rejects.toMatchObject({ code: 'cancelled' })
})
