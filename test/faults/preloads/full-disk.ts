/**
 * A disk that is full from some write on. `LORACLE_FAULT_FULL` names a JSON file, read when the process starts:
 * `{ role, after, part }` lets `after` writes of the process `role` through, a `part` of the next, and nothing more until
 * the file is gone. The role `store` means the host's writes to SQLite, which answers as SQLite does.
 */
import { existsSync, readFileSync } from 'node:fs'
import fs from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import { role } from './role.ts'

const path = process.env['LORACLE_FAULT_FULL'] ?? ''

interface Fault {
  readonly role: 'host' | 'trainer' | 'store'
  readonly after: number
  readonly part: number
}

/** What is replaced takes what the original takes, which is as various as Node's file system. */
type Anything = (...values: unknown[]) => unknown

if (role !== 'thread' && existsSync(path)) {
  const fault = JSON.parse(readFileSync(path, 'utf8')) as Fault
  let done = 0
  /** True where there is no room for a write; the first time that is so, `part` of it is still written. */
  const isFull = (): boolean => done++ >= fault.after && existsSync(path)
  if (fault.role === 'store' && role === 'host') fillStore(isFull)
  else if (fault.role === role) await fillFiles(isFull, fault.part)
}

async function fillFiles(isFull: () => boolean, part: number): Promise<void> {
  const full = (call: string, file?: unknown): Error => {
    const where = typeof file === 'string' ? ` '${file}'` : ''
    const error = new Error(`ENOSPC: no space left on device, ${call}${where}`)
    return Object.assign(error, { errno: -28, code: 'ENOSPC', syscall: call, ...(where && { path: file }) })
  }
  let isFirst = true
  const begun = (data: unknown): Uint8Array | null => {
    if (!isFirst) return null
    isFirst = false
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    return bytes instanceof Uint8Array ? bytes.subarray(0, Math.floor(part * bytes.byteLength)) : null
  }
  const replace = (target: object, name: string, call: string, dataAt: number | null): void => {
    const methods = target as Record<string, Anything>
    const original = methods[name]
    if (!original) return
    methods[name] = async function (this: unknown, ...values: unknown[]) {
      if (!isFull()) return original.apply(this, values)
      const some = dataAt === null ? null : begun(values[dataAt])
      if (some && some.byteLength > 0)
        await original.apply(this, values.with(dataAt ?? 0, some).slice(0, (dataAt ?? 0) + 1))
      throw full(call, typeof values[0] === 'string' && dataAt !== 0 ? values[0] : undefined)
    }
  }
  const handle = await fs.promises.open(fileURLToPath(import.meta.url))
  const handles = Object.getPrototypeOf(handle) as object
  await handle.close()
  for (const name of ['writeFile', 'appendFile', 'write']) replace(handles, name, 'write', 0)
  replace(handles, 'sync', 'fsync', null)
  for (const name of ['writeFile', 'appendFile']) replace(fs.promises, name, 'write', 1)
  for (const name of ['mkdir', 'rename', 'copyFile']) replace(fs.promises, name, name, null)
  syncBuiltinESMExports()
}

function fillStore(isFull: () => boolean): void {
  let isAtWork = false
  const require = createRequire(import.meta.url)
  const { Database, Statement } = require('sqlite3') as Record<string, { readonly prototype: object }>
  const replace = (target: object, name: string): void => {
    const methods = target as Record<string, Anything>
    const original = methods[name]
    methods[name] = function (this: unknown, ...values: unknown[]) {
      // Counted from the first line of a run's log: before it the app itself opens and sets things right.
      isAtWork ||= String(values[0]).includes('INSERT INTO run_log')
      const isWrite = name === 'run' || /^(BEGIN|COMMIT)/.test(String(values[0]))
      const answer = values.at(-1)
      if (!isAtWork || !isWrite || typeof answer !== 'function' || !isFull())
        return original?.apply(this, values)
      const error = Object.assign(new Error('SQLITE_FULL: database or disk is full'), {
        errno: 13,
        code: 'SQLITE_FULL',
      })
      setImmediate(() => (answer as Anything)(error))
      return this
    }
  }
  if (Database) for (const name of ['run', 'exec']) replace(Database.prototype, name)
  if (Statement) replace(Statement.prototype, 'run')
}
