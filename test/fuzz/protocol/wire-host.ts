import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startWebHost } from '../../../main/hosts/web/web-host.ts'
import { writeSmallWindow } from '../../main/hosts/small-window.ts'
import { smallApp } from '../../main/rpc/small-app.ts'
import { sweptFolder } from './swept-folder.ts'

export interface WireHost {
  readonly port: number
  readonly token: string
  /** What stands in a file beside the window, which no answer may hold. */
  readonly secret: string
  /** A fault where the host does not serve its owner, or has written what it should not; null where all is well. */
  check(): Promise<string | null>
  close(): Promise<void>
}

/** A web host over a small app in a folder of its own, impatient with those who are slow. */
export async function startWireHost(): Promise<WireHost> {
  const swept = await sweptFolder('loracle-fuzz-wire-')
  const folder = swept.path
  const rendererDir = await writeSmallWindow(join(folder, 'renderer'))
  const secret = randomBytes(16).toString('hex')
  for (const place of ['', 'beside']) {
    await mkdir(join(folder, place), { recursive: true })
    await writeFile(join(folder, place, 'secret.txt'), secret)
  }
  const exported = join(folder, 'exported.html')
  await writeFile(exported, 'exported')
  const app = smallApp(undefined, {
    findDownload: (id) =>
      Promise.resolve(id === 'export-1' ? { path: exported, name: 'exported.html' } : undefined),
  })
  const host = await startWebHost({
    app: Promise.resolve({ ...app, uploadsDir: join(folder, 'uploads') }),
    port: 0,
    rendererDir,
    version: '1',
    limits: { headersMs: 2_000, idleMs: 3_000 },
  })
  const token = new URL(host.address).searchParams.get('token') ?? ''
  const expected = ['beside', 'exported.html', 'renderer', 'secret.txt', 'uploads']
  return {
    port: host.port,
    token,
    secret,
    check: async () => {
      const start = performance.now()
      const answer = await fetch(host.address).catch((thrown: unknown) => thrown)
      if (!(answer instanceof Response) || answer.status !== 200)
        return `the owner is not served: ${answer instanceof Response ? answer.status : String(answer)}`
      await answer.arrayBuffer()
      if (performance.now() - start > 10_000) return 'the owner waits for more than ten seconds'
      const names = (await readdir(folder)).filter((name) => !expected.includes(name))
      if (names.length > 0) return `${names.join(', ')} was written beside the uploads`
      const kept = await readFile(join(folder, 'beside', 'secret.txt'), 'utf8')
      return kept === secret ? null : 'a file beside the uploads was written over'
    },
    close: async () => {
      await host.close()
      await swept.remove()
    },
  }
}
