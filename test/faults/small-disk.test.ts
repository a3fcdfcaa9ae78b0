import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { folderEnding, logOf, shownEnding } from './endings.ts'
import { storeFaults, temporaries } from './home-state.ts'
import { hasEnded, makeJob, startRun, until } from './job.ts'
import { endingFaults } from './matrix.ts'
import { startHost } from './processes.ts'

/** Set where this user may mount a small file system: the real thing, run by hand as root. */
const mounts = process.env['LORACLE_MOUNT_TESTS'] === '1'
const times = Number(process.env['LORACLE_FAULT_COUNT'] ?? 5)

async function fillUp(path: string): Promise<void> {
  for (const bytes of [65_536, 4_096, 1])
    for (let isFull = false; !isFull;)
      isFull = await appendFile(path, Buffer.alloc(bytes)).then(
        () => false,
        () => true,
      )
}

describe.skipIf(!mounts)('a small disk', () => {
  test('that fills up in the middle of runs costs none of them a byte', { timeout: 900_000 }, async () => {
    const [folder, disk] = [await temporaryFolder(), await temporaryFolder()]
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk])
    onTestFinished(() => void execFileSync('umount', ['-l', disk]))
    // The list of processes is no part of the disk.
    const home = join(disk, 'home')
    await mkdir(`${home}-processes`)
    const host = await startHost({ home, fromSource: false })
    onTestFinished(() => host.quit())
    const job = await makeJob(host, join(folder, 'tiny'))
    const whole = await startRun(host, job)
    await until(host, whole.id, hasEnded)
    const expected = { folder: await folderEnding(whole.folder), shown: await shownEnding(host, whole.id) }
    const random = seededRandom('small disk')
    let told = 0
    for (let time = 0; time < times; time++) {
      const run = await startRun(host, job)
      const from = Math.floor(random() * 90)
      await until(host, run.id, (one) => one.step > from || hasEnded(one))
      await fillUp(join(disk, 'ballast'))
      for (let i = 0; i < 1_000 && host.trainers().length > 0; i++) await sleep(20)
      expect(host.trainers()).toEqual([])
      await rm(join(disk, 'ballast'))
      let ended = await until(host, run.id, hasEnded)
      const log = await logOf(host, run.id)
      if (log.some(({ text }) => /disk is full.*Free some space/.test(text))) told++
      if (ended.resumable) {
        expect(ended.error).toMatchObject({ code: 'disk_full' })
        await host.call('runs.resume', { runId: run.id })
        ended = await until(host, run.id, hasEnded)
      }
      expect(ended.status).toBe('finished')
      expect(await endingFaults(host, ended, expected)).toEqual([])
      expect([...(await storeFaults(home)), ...(await temporaries(run.folder))]).toEqual([])
      // Room for the next.
      if (time < times - 1) await host.call('runs.discard', { runId: run.id })
    }
    expect(told).toBeGreaterThan(0)
    process.stdout.write(`${times} runs, ${told} of them met the full disk, all equal\n`)
  })
})
