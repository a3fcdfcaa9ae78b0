import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { constants } from 'node:os'

interface UtilityOptions {
  readonly stdio?: readonly ('ignore' | 'pipe' | 'inherit')[]
  readonly env?: NodeJS.ProcessEnv
  readonly execArgv?: readonly string[]
}

class UtilityProcess extends EventEmitter {
  readonly child: ChildProcess
  private hasExited = false

  constructor(child: ChildProcess) {
    super()
    this.child = child
    child.on('spawn', () => this.emit('spawn'))
    child.on('message', (message) => this.emit('message', message))
    child.on('exit', (code, signal) => {
      this.hasExited = true
      // As waitpid gives it, where a signal ended the process.
      this.emit('exit', code ?? (signal ? constants.signals[signal] : 1))
    })
  }

  get pid(): number | undefined {
    return this.hasExited ? undefined : this.child.pid
  }

  get stdout(): ChildProcess['stdout'] {
    return this.child.stdout
  }

  get stderr(): ChildProcess['stderr'] {
    return this.child.stderr
  }

  postMessage(message: object): void {
    if (this.child.connected) this.child.send(message, () => undefined)
  }

  kill(): boolean {
    return this.child.kill('SIGTERM')
  }
}

export const utilityProcess = {
  fork: (path: string, args: readonly string[] = [], options: UtilityOptions = {}): UtilityProcess => {
    const port = new URL('./parent-port.mjs', import.meta.url).href
    return new UtilityProcess(
      fork(path, [...args], {
        serialization: 'advanced',
        env: options.env ?? process.env,
        execArgv: [...(options.execArgv ?? []), '--import', port],
        stdio: [...(options.stdio ?? ['ignore', 'inherit', 'inherit']), 'ipc'],
      }),
    )
  },
}
