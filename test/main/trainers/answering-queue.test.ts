import { describe, expect, test } from 'vitest'
import { createFairQueue } from '../../../main/trainers/fair-queue.ts'
import { longQuestion, openAnsweringApp } from '../../support/answering-app.ts'

const failed = (thrown: unknown): unknown => thrown

describe('the queue of questions', () => {
  test('takes clients in turns, and each one in its order', () => {
    const queue = createFairQueue<string>({ limit: 10, limitPerClient: 5 })
    for (const item of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']) queue.add(item.slice(0, 1), item)
    const taken: (string | undefined)[] = [queue.take(), queue.take(), queue.take()]
    queue.add('d', 'd1')
    while (queue.size > 0) taken.push(queue.take())
    expect(taken).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'd1', 'a3', 'a4'])
    expect(queue.take()).toBeUndefined()
  })

  test('says which of its limits is reached, and has room again when something goes', () => {
    const queue = createFairQueue<string>({ limit: 3, limitPerClient: 2 })
    queue.add('a', 'a1')
    queue.add('a', 'a2')
    expect([queue.fullFor('a'), queue.fullFor('b')]).toEqual(['client', null])
    queue.add('b', 'b1')
    expect([queue.fullFor('a'), queue.fullFor('b'), queue.fullFor('c')]).toEqual(['all', 'all', 'all'])
    expect([queue.remove('a1'), queue.remove('a1')]).toEqual([true, false])
    expect([queue.fullFor('a'), queue.size, queue.clients]).toEqual([null, 2, 2])
    expect([...queue.clear()].sort()).toEqual(['a2', 'b1'])
    expect([queue.size, queue.clients, queue.fullFor('a')]).toEqual([0, 0, null])
  })
})

describe('many who ask', () => {
  test('one with many questions does not starve the others, and a request is made when its turn comes', async () => {
    const { answering, request } = await openAnsweringApp()
    const answered: string[] = []
    const ask = async (client: string, name: string): Promise<void> => {
      await answering.ask(request(), { client })
      answered.push(name)
    }
    const greedy = Array.from({ length: 12 }, (_, i) => ask('greedy', `greedy ${i}`))
    const modest = ['b', 'c'].flatMap((client) => [ask(client, `${client} 0`), ask(client, `${client} 1`)])
    await Promise.all([...greedy, ...modest])
    // The first was taken before anybody else had asked.
    expect(answered.slice(0, 8)).toEqual([
      'greedy 0',
      'greedy 1',
      'b 0',
      'c 0',
      'greedy 2',
      'b 1',
      'c 1',
      'greedy 3',
    ])
    expect(answered.slice(8)).toEqual(Array.from({ length: 8 }, (_, i) => `greedy ${i + 4}`))

    // A request may be made when its turn comes; one that cannot be made fails alone.
    const made: string[] = []
    const later = (name: string) => () => {
      made.push(name)
      return name === 'bad' ? Promise.reject(new Error('no passages')) : Promise.resolve(request())
    }
    const first = answering.ask(request())
    const bad = answering.ask(later('bad')).catch(failed)
    const good = answering.ask(later('good'))
    const gone = new AbortController()
    const left = answering.ask(later('never'), { signal: gone.signal }).catch(failed)
    gone.abort()
    await first
    expect(await bad).toMatchObject({ code: 'internal', message: 'no passages' })
    expect((await good).columns).toHaveLength(1)
    expect(await left).toMatchObject({ code: 'cancelled' })
    expect(made).toEqual(['bad', 'good'])

    // One that is taken back while its request is made goes at once.
    const away = new AbortController()
    const asking = answering.ask(() => new Promise(() => undefined), { signal: away.signal }).catch(failed)
    const next = answering.ask(request())
    away.abort()
    expect(await asking).toMatchObject({ code: 'cancelled' })
    expect((await next).columns).toHaveLength(1)
  })

  test('beyond the limits a question is refused as busy, and its place is free when one goes', async () => {
    const { answering, request } = await openAnsweringApp({ waitingLimit: 3, waitingLimitPerClient: 2 })
    const taking = new AbortController()
    const first = answering.ask(request(longQuestion), { client: 'a', signal: taking.signal }).catch(failed)
    const leaving = new AbortController()
    const waiting = [
      answering.ask(request(), { client: 'a', signal: leaving.signal }).catch(failed),
      answering.ask(request(), { client: 'a' }),
    ]
    const refused = answering.ask(request(), { client: 'a' })
    await expect(refused).rejects.toMatchObject({ code: 'busy', details: { waiting: 2, limit: 2 } })
    waiting.push(answering.ask(request(), { client: 'b' }))
    const full = answering.ask(request(), { client: 'c' })
    await expect(full).rejects.toMatchObject({ code: 'busy', details: { waiting: 3, limit: 3 } })
    expect(answering.load()).toMatchObject({ waiting: 3, answering: 1, limit: 3, limitPerClient: 2 })

    leaving.abort()
    expect(await waiting[0]).toMatchObject({ code: 'cancelled' })
    waiting.push(answering.ask(request(), { client: 'c' }))
    taking.abort()
    expect(await first).toMatchObject({ code: 'cancelled' })
    for (const one of waiting.slice(1)) expect(await one).toHaveProperty('columns')
    expect(answering.load()).toMatchObject({ waiting: 0, answering: 0 })
  })

  test('a process that no longer hears does not hold up those who wait', async () => {
    const { answering, request, pid, trainers } = await openAnsweringApp({ cancelGraceMs: 300 })
    await answering.ask(request())
    process.kill(pid(0), 'SIGSTOP')
    const leaving = new AbortController()
    const asked = answering.ask(request(), { signal: leaving.signal }).catch(failed)
    const behind = answering.ask(request())
    leaving.abort()
    expect(await asked).toMatchObject({ code: 'cancelled' })
    expect((await behind).columns).toHaveLength(1)
    expect(trainers).toHaveLength(2)
  })
})
