import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { refusedNetwork } from './refused-network.ts'

/** Every way of Node's own out of a process, a thread and a child included. */
const everyWay = `
import dns from 'node:dns'
import dgram from 'node:dgram'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { fork } from 'node:child_process'
import { Worker } from 'node:worker_threads'
const quiet = () => undefined
await fetch('http://fetch.example/').catch(quiet)
http.get('http://http.example/').on('error', quiet)
https.get('https://127.0.0.1:9/').on('error', quiet)
http2.connect('https://http2.example/').on('error', quiet)
net.connect(80, '192.0.2.1').on('error', quiet)
tls.connect({ host: 'tls.example', port: 443 }).on('error', quiet)
dns.lookup('lookup.example', quiet)
new dns.Resolver().resolve4('resolver.example', quiet)
await dns.promises.resolveTxt('txt.example').catch(quiet)
new WebSocket('ws://socket.example/').onerror = quiet
const datagram = dgram.createSocket('udp4')
datagram.send('x', 53, '192.0.2.2', () => datagram.close())
new Worker("fetch('http://worker.example/').catch(() => undefined)", { eval: true })
if (!process.send) fork(process.argv[1], [], { execArgv: [] })
else process.disconnect()
`

test('the refused network sees every way out, of threads and children too', async () => {
  const { env, attempts } = await refusedNetwork()
  const script = `${env.LORACLE_NETWORK_LOG}.mjs`
  await writeFile(script, everyWay)
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'inherit',
  })
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
  const tried = await attempts()
  const times = (name: string) => tried.filter((line) => line.includes(name)).length
  const names = ['fetch', 'http', 'http2', 'tls', 'lookup', 'resolver', 'txt', 'socket', 'worker']
  // Once in the process, once in its child.
  expect(names.filter((name) => times(`${name}.example`) < 2)).toEqual([])
  expect(['127.0.0.1:9', '192.0.2.1:80', '192.0.2.2'].filter((one) => times(one) < 2)).toEqual([])
})
