import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readChatQuestion } from '../../../../main/hosts/serve/chat-request.ts'
import { eventStream } from '../../../../main/hosts/serve/responses.ts'
import { answerSettingsOf } from '../../../../main/hosts/serve/sampling-fields.ts'

const system = (content: string) => ({ role: 'system', content })
const user = (content: unknown) => ({ role: 'user', content })
const reply = { role: 'assistant', content: 'So.' }

describe('what a chat asks', () => {
  test.each([
    [[user('Q?')], null],
    [[system('A.'), user('Q?')], ['A.']],
    [[{ role: 'developer', content: 'Context: A.' }, user('Q?')], ['A.']],
    [[user('A.'), user([{ type: 'text', text: 'Q?' }])], ['A.']],
    [[user('old?'), reply, user('Q?')], null],
    [[system('A.'), user('old?'), reply, user('B.'), user(' Q? ')], ['A.\n\nB.']],
    [[system('  '), user('Q?')], null],
  ])('of %j the context is %j', (messages, contexts) => {
    expect(readChatQuestion({ messages })).toMatchObject({ question: 'Q?', contexts })
  })

  test('the field context wins, as one text or several', () => {
    const messages = [system('A.'), user('Q?')]
    expect(readChatQuestion({ messages, context: 'C.' }).contexts).toEqual(['C.'])
    expect(readChatQuestion({ messages, context: ['C.', ' ', 'D.'] }).contexts).toEqual(['C.', 'D.'])
    expect(readChatQuestion({ messages, context: [''] }).contexts).toBeNull()
  })

  test.each([[[]], [[reply]], [[user('')]], [[user('A'), reply]], [[user([{ type: 'image_url' }])]]])(
    '%j asks nothing',
    (messages) => {
      expect(() => readChatQuestion({ messages })).toThrow(
        expect.objectContaining({
          status: 400,
          param: expect.stringMatching(/^messages/) as string,
        }) as Error,
      )
    },
  )
})

test.each([
  [{}, {}],
  [{ temperature: 0, seed: 3 }, { doSample: false }],
  [{ top_p: 1 }, {}],
  [
    { temperature: 0.5, seed: -1 },
    { doSample: true, numBeams: 1, temperature: 0.5, topK: 0, topP: 1, seed: 2 ** 32 - 1 },
  ],
  [
    { top_p: 0.5, seed: 2 ** 33 },
    { doSample: true, numBeams: 1, temperature: 1, topK: 0, topP: 0.5, seed: 0 },
  ],
  [{ max_tokens: 5, max_completion_tokens: 7 }, { maxTargetLength: 7 }],
  [{ max_tokens: 9_000 }, { maxTargetLength: 1_024 }],
  [{ stop: 'x' }, { stopStrings: ['x'] }],
  [{ stop: ['x', '\n'] }, { stopStrings: ['x', '\n'] }],
])('%j chooses %j', (fields, settings) => {
  expect(answerSettingsOf(fields)).toEqual(settings)
})

test('a reader of a stream that does not read is let go, with little kept for it', async () => {
  const closed = Promise.withResolvers<number>()
  const server = createServer((_, response) => {
    const stream = eventStream(response, 200)
    let most = 0
    const timer = setInterval(() => {
      stream.send('x'.repeat(100_000))
      most = Math.max(most, response.writableLength)
    }, 1)
    response.on('close', () => {
      clearInterval(timer)
      closed.resolve(most)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.on('error', () => undefined)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(await closed.promise).toBeLessThan(512 * 1024)
})
