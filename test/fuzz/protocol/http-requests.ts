import type { Random } from '../mutate.ts'
import { pick, prototypeNames } from './hostile-values.ts'
import type { WireCase, WireTarget } from './wire.ts'
import type { WireHost } from './wire-host.ts'

/** HTTP as no browser speaks it: smuggled requests, lengths that lie, names that lead out, bodies that break off. */
export const httpRequests: WireTarget = {
  makeCase: (random, host) => {
    const like = { holdsToken: random(3) !== 0, lies: random(5) === 0 }
    const requests = Array.from({ length: pick([1, 1, 1, 1, 2, 3, 20], random) }, () =>
      requestOf(random, host, like),
    )
    let bytes: Buffer = Buffer.from(requests.join(''), 'latin1')
    const isDamaged = random(5) === 0
    if (isDamaged) bytes = damaged(bytes, random)
    const isCut = random(12) === 0
    if (isCut) bytes = bytes.subarray(0, random(bytes.length + 1))
    const cut = random(6) === 0 ? 1 + random(bytes.length) : bytes.length
    return {
      pieces: [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length > 0),
      // A length that lies, or an end that was damaged, leaves the host waiting too; it is let go as slow clients are.
      isCut: isCut || isDamaged || like.lies,
      mayEnter: bytes.includes(host.token),
    }
  },
  read: (answer, { mayEnter }: WireCase) => {
    const text = answer.toString('latin1')
    if (text === '') return { outcomes: ['no answer'], fault: null }
    const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
    const outcomes = statuses.map(String)
    if (!/^HTTP\/1\.1 \d{3} /.test(text)) return { outcomes, fault: 'no HTTP' }
    const own = statuses.find((status) => status >= 500 && status !== 503)
    if (own !== undefined) return { outcomes, fault: `status ${own}: ${text.slice(-300)}` }
    const entered = statuses.some((status) => status === 200 || status === 101)
    return { outcomes, fault: entered && !mayEnter ? 'let in without the token' : null }
  },
}

interface RequestLike {
  readonly holdsToken: boolean
  /** Whether it may lie about the length of its body. */
  readonly lies: boolean
}

function requestOf(random: Random, host: WireHost, { holdsToken, lies }: RequestLike): string {
  const method =
    random(6) === 0
      ? pick(['PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'PRI', 'get', 'M-SEARCH', ''], random)
      : pick(['GET', 'HEAD', 'POST', 'POST'], random)
  const version =
    random(15) === 0
      ? pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1.1', 'ICY', ''], random)
      : 'HTTP/1.1'
  const body = pick(['', 'x', 'x'.repeat(1 + random(3000)), '0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'], random)
  const headers = [...headersOf(random, host, holdsToken), ...lengthsOf(random, body, lies)]
  const end = random(40) === 0 ? pick(['\n', '\r', '\0\r\n', ' \r\n'], random) : '\r\n'
  return [`${method} ${targetOf(random, host, method)} ${version}`, ...headers, '', body].join(end)
}

const places = [
  '/',
  '/index.html',
  '/assets/small-1.js',
  '/.hidden',
  '/download/export-1',
  '/download/',
  '/rpc',
  '*',
  '/secret.txt',
  '/nothing',
  'http://127.0.0.1/',
  'http://evil.example/',
  '//evil.example/',
  'evil.example:80',
  '?',
  '#',
  '/\\..\\secret.txt',
  '/index.html::$DATA',
  '/index.html%00.js',
  '/CON',
  '/proc/self/environ',
]
const waysOut = [
  '../',
  '..%2f',
  '%2e%2e/',
  '%252e%252e%252f',
  '..%c0%af',
  '..\\',
  '%5c..%5c',
  './',
  '.../',
  '..;/',
  '%00/',
]
const queries = [
  '',
  '?',
  '?token=',
  '?token=%',
  '?token[]=x',
  '?__proto__[token]=x',
  `?${'a=b&'.repeat(800)}`,
]

function targetOf(random: Random, host: WireHost, method: string): string {
  if (method === 'POST' && random(4) !== 0) return uploadOf(random)
  const way = pick(waysOut, random).repeat(1 + random(8))
  const place = pick(
    [
      pick(places, random),
      pick(places, random),
      `/${way}secret.txt`,
      `/assets/${way}beside/secret.txt`,
      `/download/${way}secret.txt`,
      `/download/${pick(prototypeNames, random)}`,
      `/${'a'.repeat(10 ** random(5))}`,
      `/${pick(['%', '%zz', '%ff', '%e2%82', '\x80', '\x01', ' '], random)}`,
    ],
    random,
  )
  return place + (random(3) === 0 ? pick([...queries, `?token=${host.token}`], random) : '')
}

function uploadOf(random: Random): string {
  const name = pick(
    [
      'a.txt',
      '',
      '.',
      '..',
      '../../secret.txt',
      '..%2f..%2fsecret.txt',
      '%00',
      'CON',
      'nul.txt',
      'a%2fb',
      '%5c%5cserver%5cshare',
      'C:%5cx',
      '%ed%a0%80',
      '%',
      '%e2%80%ae',
      'x'.repeat(5000),
      'd%2f'.repeat(30),
      ...prototypeNames,
    ],
    random,
  )
  const upload = pick(
    ['', '', '', '&upload=..', '&upload=__proto__', '&upload=%2e%2e%2fbeside', '&upload='],
    random,
  )
  return `/upload?${pick(['name', 'path', 'path', 'name=a&name', 'Name'], random)}=${name}${upload}`
}

function headersOf(random: Random, host: WireHost, holdsToken: boolean): string[] {
  const own = `127.0.0.1:${host.port}`
  const wrong = (right: string, others: readonly string[]): string =>
    random(8) === 0 ? pick(others, random) : right
  const headers = [
    wrong(`Host: ${own}`, [
      'Host: evil.example',
      'Host:',
      'Host : x',
      '',
      `Host: ${own}\r\nHost: evil`,
      ` Host: ${own}`,
    ]),
    wrong(`Origin: http://${own}`, [
      'Origin: null',
      'Origin: http://evil.example',
      '',
      `Origin: HTTP://${own}`,
    ]),
    wrong(holdsToken ? `Cookie: loracle-${host.port}=${host.token}` : 'Cookie: a=b', [
      `Cookie: loracle-${host.port}=`,
      `Cookie: ${'a=b; '.repeat(1000)}`,
      `Cookie: loracle-${host.port}=%00`,
      'Cookie: =; ;;=',
    ]),
  ].filter((header) => header !== '')
  for (let more = pick([0, 0, 0, 1, 3], random); more > 0; more--)
    headers.push(pick(oddHeaders, random)(random))
  return headers
}

const oddHeaders: readonly ((random: Random) => string)[] = [
  () => 'Connection: close',
  () => 'Connection: keep-alive, upgrade',
  () => 'Upgrade: websocket',
  () => 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
  () => 'Expect: 100-continue',
  () => 'Expect: nonsense',
  () => 'Range: bytes=0-,-1,5-2',
  () => 'Sec-Fetch-Site: cross-site',
  () => 'X-Forwarded-Host: evil.example',
  () => 'X-HTTP-Method-Override: DELETE',
  () => 'X: a\r\n b',
  () => 'X: \0',
  () => 'X\x01: y',
  () => ': empty',
  () => 'no colon',
  () => 'Content-Type: multipart/form-data; boundary=x',
  () => 'Content-Encoding: gzip',
  () => 'TE: trailers\r\nTrailer: Content-Length',
  (random) => `X: ${'y'.repeat(10 ** random(6))}`,
  (random) => 'X: y\r\n'.repeat(1 + random(3000)).trimEnd(),
  (random) => `${pick(prototypeNames, random)}: x`,
]

/** What a request says of the length of its body; two opinions are how requests are smuggled. */
function lengthsOf(random: Random, body: string, lies: boolean): readonly string[] {
  if (!lies) return body === '' ? [] : [`Content-Length: ${body.length}`]
  const lines = [
    `Content-Length: ${body.length}`,
    'Content-Length: 0',
    'Content-Length: -1',
    'Content-Length: +1',
    'Content-Length: 1e3',
    'Content-Length: 0x10',
    'Content-Length: 99999999999999999999999',
    `Content-Length: ${2 ** 53}`,
    'Content-Length: 1, 2',
    `Content-Length: ${1 + random(100_000)}`,
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding:\tchunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: gzip, chunked',
  ]
  return Array.from({ length: 1 + random(2) }, () => pick(lines, random))
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let times = 1 + random(6); times > 0 && copy.length > 0; times--)
    copy[random(copy.length)] = random(3) === 0 ? pick([0, 10, 13, 32, 58, 127, 255], random) : random(256)
  return copy
}
