import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startWebHost } from '../../main/hosts/web/web-host.ts'
import { repository } from '../main/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { liveMb } from './collect-garbage.ts'
import { connectTo } from './connect.ts'
import { openSoakApp } from './soak-app.ts'

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

test('windows that come and go leave no socket and no memory in the host', async () => {
  const soak = await openSoakApp(join(await temporaryFolder(), 'home'))
  onTestFinished(() => soak.close())
  const rendererDir = join(repository, 'renderer')
  const host = await startWebHost({ app: Promise.resolve(soak.app), port: 0, rendererDir, version: '0' })
  onTestFinished(() => host.close())
  const visit = async (number: number): Promise<void> => {
    const { client, cut } = connectTo(host.address)
    const watches = ['app.watch', 'models.watchDownloads'] as const
    // As a window's watches are: made again where the connection is lost.
    for (const method of watches) client.call(method, {}, { retry: true }).catch(() => undefined)
    await client.call('projects.list', {})
    if (number % 2 === 0) cut()
    client.close()
  }
  const before = sockets()
  for (let number = 0; number < 80; number++) await visit(number)
  await expect.poll(sockets).toBeLessThanOrEqual(before)
  const warm = await liveMb()
  for (let number = 0; number < 120; number++) await visit(number)
  await expect.poll(sockets).toBeLessThanOrEqual(before)
  // A window that stays holds some 11 kB in the host: of these they would be 1.3 MB.
  expect((await liveMb()) - warm).toBeLessThan(0.7)
})
