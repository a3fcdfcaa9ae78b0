/** A main process around the small app: the real Electron host, given a home folder and a build of a few files. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runElectron } from '../../../../main/hosts/electron/run-electron.ts'
import { forkUtilityTrainer } from '../../../../main/hosts/electron/utility-trainer.ts'
import { smallApp } from '../../rpc/small-app.ts'

const { SMALL_BUILD: root = '', SMALL_HOME: home = '', SMALL_RUN: run, SMALL_WORKER: worker } = process.env

void runElectron({
  home,
  build: {
    root,
    version: '1.2.3',
    rendererDir: join(root, 'renderer'),
    preloadPath: join(root, 'preload.cjs'),
    workerPath: '',
  },
  openApp: () => {
    if (worker) runWorker(worker)
    const dispose = (): Promise<void> => {
      writeFileSync(join(home, 'disposed'), '')
      return Promise.resolve()
    }
    const activeRun = () => (run === undefined ? undefined : { name: run })
    return Promise.resolve(smallApp(undefined, { dispose, activeRun }))
  },
})

/** Starts a utility process three times and writes down what came of it. */
function runWorker(path: string): void {
  const outcomes: unknown[] = []
  for (const ending of ['exit', 'SIGTERM', 'SIGKILL'] as const) {
    const trainer = forkUtilityTrainer(path)
    const messages: unknown[] = []
    trainer.onMessage((message) => {
      messages.push(message)
      if (ending !== 'exit') trainer.kill(ending)
    })
    trainer.onExit((exit) => {
      outcomes.push({ ending, messages, ...exit })
      if (outcomes.length === 3) writeFileSync(join(home, 'outcomes.json'), JSON.stringify(outcomes))
    })
    trainer.send({ kind: 'stop', keep: ending === 'exit' })
  }
}
