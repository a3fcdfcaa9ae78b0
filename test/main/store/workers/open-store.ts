/**
 * Opens the store of a home folder, says `open`, and holds it until it is killed: HOME [STEPS]. STEPS is a file of steps
 * (JSON) that follow the app's own. An error is told as `code sentence`, with exit code 1.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { AppError } from '../../../../main/contract/errors.ts'
import { migrations } from '../../../../main/store/migrations.ts'
import { openStore } from '../../../../main/store/open.ts'

const [home = '', steps] = process.argv.slice(2)
try {
  const more = steps === undefined ? [] : (JSON.parse(await readFile(steps, 'utf8')) as string[])
  process.stdout.write('opening\n')
  await open([...migrations, ...more])
  // Nothing refers to the store any more; the lock must hold all the same.
  for (let i = 0; i < 2; i++) {
    collectGarbage()
    await sleep(10)
  }
  process.stdout.write('open\n')
  setInterval(() => undefined, 1000)
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown
  process.stdout.write(`${thrown.code} ${thrown.message}\n`)
  process.exitCode = 1
}

async function open(steps: readonly string[]): Promise<void> {
  const store = await openStore(home, { migrations: steps })
  await store.run(`INSERT OR REPLACE INTO kept (key, value) VALUES ('holder', ?)`, String(process.pid))
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
}
