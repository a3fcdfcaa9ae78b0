import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { FoundPassage } from '../../../../main/contract/comparisons.ts'
import { startApiServer } from '../../../../main/hosts/serve/api-server.ts'
import type { Served } from '../../../../main/hosts/serve/served.ts'
import { openAnsweringApp } from '../../../support/answering-app.ts'
import { answerText, callApi, streamedEvents } from '../../../support/api-client.ts'
import type { ApiRequest } from '../../../support/api-client.ts'

const passages: readonly FoundPassage[] = ['The sentence is so short.', 'The other is long.'].map(
  (text, i) => ({
    passageId: i,
    sourceName: 'leaflet.md',
    title: 'Leaflet',
    heading: [],
    page: null,
    text,
    score: 2 - i,
  }),
)

type Options = Partial<Pick<Served, 'search'>> & {
  readonly waitingLimit?: number
  /** Whose answering process is used. */
  readonly beside?: Awaited<ReturnType<typeof openAnsweringApp>>
  readonly patience?: { readonly headersMs: number; readonly bodyMs: number; readonly readerMs: number }
}

/** A server over a real answering process with a tiny random model. */
async function openApi({ search = null, patience, beside, ...limits }: Options = {}) {
  const app = beside ?? (await openAnsweringApp(limits))
  const served: Served = {
    models: [
      { id: 'loracle', model: app.model, adapter: null },
      { id: 'loracle-base', model: app.model, adapter: null },
    ],
    settings: { maxTargetLength: 6 },
    form: 'qa',
    search,
    answering: app.answering,
  }
  const server = await startApiServer({
    served,
    port: 0,
    key: 'secret-key',
    ...(patience ? { patience } : {}),
  })
  onTestFinished(() => server.close())
  const { port } = server
  const call = (path: string, options?: ApiRequest) => callApi({ port, key: 'secret-key' }, path, options)
  const chat = (body: object, options: ApiRequest = {}) =>
    call('/v1/chat/completions', { body: { ...asked, ...body }, ...options })
  const load = async () => JSON.parse((await call('/v1/loracle/load')).text) as Record<string, number>
  return { ...app, server, port, call, chat, load }
}

const asked = {
  model: 'loracle',
  messages: [
    { role: 'system', content: 'The sentence is so short.' },
    { role: 'user', content: 'Which is short?' },
  ],
}
/** Answered for as long as a test takes. */
const endless = {
  context: Array.from({ length: 32 }, () => 'The sentence is so short. '.repeat(1_000)),
}

test('answers as the API of OpenAI does, at once and as a stream, and finds passages', async () => {
  const api = await openApi()
  const { call, chat, answering, request } = api
  const models = await call('/v1/models')
  expect(JSON.parse(models.text)).toMatchObject({
    object: 'list',
    data: [
      { id: 'loracle', object: 'model', owned_by: 'loracle' },
      { id: 'loracle-base', object: 'model' },
    ],
  })
  expect(JSON.parse((await call('/v1/models/loracle-base')).text)).toMatchObject({ id: 'loracle-base' })

  const whole = await chat({})
  const direct = await answering.ask(request({ settings: { maxTargetLength: 6 } }))
  const expected = direct.columns[0]?.answers[0]
  expect(whole.status).toBe(200)
  expect(JSON.parse(whole.text)).toMatchObject({
    id: expect.stringMatching(/^chatcmpl-/) as string,
    object: 'chat.completion',
    model: 'loracle',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: expected?.text },
        finish_reason: expected?.usage?.finished ? 'stop' : 'length',
      },
    ],
    usage: {
      prompt_tokens: expected?.usage?.promptTokens,
      completion_tokens: expected?.usage?.textTokens,
      total_tokens: (expected?.usage?.promptTokens ?? 0) + (expected?.usage?.textTokens ?? 0),
    },
    loracle: { unanswerable: false, score: expected?.score, passage: 0 },
  })
  expect(expected?.usage?.promptTokens).toBeGreaterThan(5)

  const streamed = await chat({ stream: true, stream_options: { include_usage: true } })
  expect(streamed.headers['content-type']).toContain('text/event-stream')
  expect(answerText(streamed)).toBe(expected?.text)
  const events = streamedEvents(streamed.text) as { choices: { delta: object }[]; usage?: object }[]
  expect(events.length).toBeGreaterThan(3)
  expect(events[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant' })
  expect(events.at(-1)).toMatchObject({
    choices: [],
    usage: { completion_tokens: expected?.usage?.textTokens },
  })

  const prompt = 'question: Which is short? context: The sentence is so short.'
  const continued = await call('/v1/completions', { body: { prompt: [prompt, 'The other'], max_tokens: 6 } })
  const { choices } = JSON.parse(continued.text) as { choices: { text: string; index: number }[] }
  expect(choices.map(({ index }) => index)).toEqual([0, 1])
  expect(choices[0]?.text).toBe(expected?.text)
  expect(answerText(await call('/v1/completions', { body: { prompt, stream: true } }))).toBe(expected?.text)
  const drawn = () => chat({ temperature: 2, seed: -7, max_tokens: 24, context: 'so short' })
  expect(answerText(await drawn())).toBe(answerText(await drawn()))

  // Where a question brings no context, the passages that are found are asked.
  const { chat: ask } = await openApi({
    beside: api,
    search: (question) => Promise.resolve(question.includes('short') ? passages : []),
  })
  const question = (content: string) => ({ messages: [{ role: 'user', content }] })
  const found = JSON.parse((await ask(question('Which is short?'))).text) as {
    choices: { message: { content: string } }[]
    loracle: { passage: number; passages: { text: string; source: string }[] }
  }
  expect(found.loracle.passages.map(({ text }) => text)).toEqual(passages.map(({ text }) => text))
  expect(found.loracle.passage).toBeOneOf([0, 1])
  // Of several passages the best answer is known at the end: no piece of another one is streamed before.
  const streamedOne = await ask({ ...question('Which is short?'), stream: true })
  expect(answerText(streamedOne)).toBe(found.choices[0]?.message.content)
  expect(JSON.parse((await ask(question('nothing'))).text)).toMatchObject({
    choices: [{ message: { content: 'unanswerable' }, finish_reason: 'stop' }],
    loracle: { unanswerable: true, passages: [] },
  })
})

test('refuses in the form of OpenAI what it cannot do, and whoever may not ask', async () => {
  const { call, chat, port } = await openApi()
  const body = asked
  const chats = '/v1/chat/completions'
  const user = { messages: [{ role: 'user', content: 'Which?' }] }
  const cases: readonly [string, ApiRequest, number, string][] = [
    [chats, { body, headers: { Authorization: 'Bearer wrong-key' } }, 401, 'invalid_api_key'],
    [chats, { body, headers: { Authorization: '' } }, 401, 'invalid_api_key'],
    [chats, { body, headers: { Host: `evil.example:${port}` } }, 403, 'host_refused'],
    [chats, { body, headers: { Origin: 'http://evil.example' } }, 403, 'origin_refused'],
    [chats, { body, headers: { Origin: 'null' } }, 403, 'origin_refused'],
    ['/v1/models', { headers: { 'Sec-Fetch-Site': 'cross-site' } }, 403, 'origin_refused'],
    ['/v1/nothing', {}, 404, 'not_found'],
    ['/v1/../etc/passwd', {}, 404, 'not_found'],
    ['/v1/models/constructor', {}, 404, 'model_not_found'],
    [chats, { method: 'GET' }, 405, 'method_not_allowed'],
    ['/v1/models', { method: 'OPTIONS', headers: { Origin: 'http://a' } }, 403, 'origin_refused'],
    [chats, { body, headers: { 'Content-Type': 'text/plain' } }, 415, 'unsupported_media_type'],
    [chats, { body, headers: { 'Content-Encoding': 'gzip' } }, 415, 'unsupported_media_type'],
    [chats, { body: '{"a":' }, 400, 'invalid_json'],
    [chats, { body: '\u00ff'.repeat(3) }, 400, 'invalid_json'],
    [chats, { body: '[]' }, 400, 'invalid_value'],
    [chats, { body: '['.repeat(200_000) }, 400, 'invalid_json'],
    [chats, { body: ' '.repeat(1_100_000) }, 413, 'request_too_large'],
    [
      chats,
      { body: ' '.repeat(3_000_000), headers: { 'Transfer-Encoding': 'chunked' } },
      413,
      'request_too_large',
    ],
    [chats, { body: { ...body, model: 'gpt-4' } }, 404, 'model_not_found'],
    [chats, { body: { ...body, n: 2 } }, 400, 'unsupported_parameter'],
    [chats, { body: { ...body, tools: [{ type: 'function' }] } }, 400, 'unsupported_parameter'],
    [chats, { body: { ...body, messages: [] } }, 400, 'invalid_value'],
    [chats, { body: { ...body, messages: [{ role: 'assistant', content: 'x' }] } }, 400, 'invalid_value'],
    [chats, { body: user }, 400, 'context_missing'],
    [chats, { body: { ...body, max_tokens: 0 } }, 400, 'invalid_value'],
    [chats, { body: { ...body, temperature: 3 } }, 400, 'invalid_value'],
    ['/v1/completions', { body: { prompt: [1, 2] } }, 400, 'invalid_value'],
    ['/v1/completions', { body: { prompt: ' ' } }, 400, 'invalid_value'],
  ]
  for (const [path, options, status, code] of cases) {
    const reply = await call(path, options)
    const { error } = JSON.parse(reply.text) as { error: Record<string, unknown> }
    expect([path, reply.status, error['code']]).toEqual([path, status, code])
    expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code'])
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  }
  const neutral = {
    n: 1,
    tools: [],
    logprobs: false,
    frequency_penalty: 0,
    response_format: { type: 'text' },
  }
  expect((await chat({ ...neutral, top_k: 3, max_completion_tokens: 2 })).status).toBe(200)
})

test('clients that go away free their places, waiting and while they are answered', async () => {
  const { chat, load, port } = await openApi({ waitingLimit: 4 })
  const leaving = new AbortController()
  const first = chat(endless, { signal: leaving.signal }).catch(() => 'gone')
  await expect.poll(async () => (await load())['answering']).toBe(1)
  const streaming = chat({ ...endless, stream: true }, { signal: leaving.signal }).catch(() => 'gone')
  // A client that ends its side of the connection is gone too.
  const socket = connect(port, '127.0.0.1', () => {
    const body = JSON.stringify({ ...asked, ...endless })
    const lines = [
      `Host: 127.0.0.1:${port}`,
      'Authorization: Bearer secret-key',
      'Content-Type: application/json',
    ]
    const head = ['POST /v1/chat/completions HTTP/1.1', ...lines, `Content-Length: ${body.length}`, '', '']
    socket.write(head.join('\r\n') + body)
  })
  await expect.poll(load).toMatchObject({ waiting: 2, answering: 1, clients: 2 })
  expect((await load())['held_bytes']).toBeGreaterThan(2_000_000)
  socket.end()
  await expect.poll(async () => (await load())['waiting']).toBe(1)
  leaving.abort()
  expect(await Promise.all([first, streaming])).toEqual(['gone', 'gone'])
  await expect.poll(load).toEqual({
    waiting: 0,
    answering: 0,
    clients: 0,
    limit: 4,
    limit_per_client: 16,
    held_bytes: 0,
  })
  expect((await chat({})).status).toBe(200)
})

test('a full queue answers 429 and when to ask again; a crash fails what was asked alone', async () => {
  const { chat, load, pid } = await openApi({ waitingLimit: 2 })
  const leaving = new AbortController()
  const first = chat({ ...endless, user: 'a' }, { signal: leaving.signal })
  const lost = first.then(({ status, text, headers }) => [status, text.includes('trainer_crashed'), headers])
  await expect.poll(async () => (await load())['answering']).toBe(1)
  const behind = [chat({ user: 'b' }), chat({ user: 'c', stream: true })]
  await expect.poll(async () => (await load())['waiting']).toBe(2)
  for (const stream of [false, true]) {
    const refused = await chat({ stream })
    expect(refused.status).toBe(429)
    expect(JSON.parse(refused.text)).toMatchObject({
      error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  }
  process.kill(pid(0), 'SIGKILL')
  expect(await lost).toMatchObject([502, true, { 'x-should-retry': 'false' }])
  for (const one of behind) expect((await one).status).toBe(200)
})

test('what is slow is let go, and closing ends everything', async () => {
  const api = await openApi({
    patience: { headersMs: 300, bodyMs: 600, readerMs: 300 },
  })
  const { port } = api
  const replyTo = (text: string) =>
    new Promise<string>((resolve) => {
      let said = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      socket.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
      socket.on('close', () => resolve(said))
    })
  const head = `POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`
  const slow = `${head}Authorization: Bearer secret-key\r\nContent-Type: application/json\r\n`
  const replies = await Promise.all([
    replyTo(head),
    replyTo(`${slow}Content-Length: 100\r\n\r\n{`),
    replyTo('no'),
  ])
  expect(replies.map((reply) => reply.split(' ')[1])).toEqual(['408', '408', '400'])

  const { chat, load, server } = await openApi({ beside: api })
  const open = [chat(endless), chat({ ...endless, stream: true })]
  await expect.poll(load).toMatchObject({ waiting: 1, answering: 1 })
  await server.close()
  for (const { status, text } of await Promise.all(open))
    expect([status, text.includes('server_ending')]).toEqual([503, true])
})
