/** What the process is that a preload finds itself in: `NODE_OPTIONS` reach every process and thread of the app. */
import { isMainThread } from 'node:worker_threads'

export type Role = 'host' | 'trainer' | 'thread'

export const role: Role = !isMainThread
  ? 'thread'
  : /[\\/]worker\.(ts|js)$/.test(process.argv[1] ?? '')
    ? 'trainer'
    : 'host'

/** True where a fault is meant for this process: its variable is unset, or names this role. */
export function concerns(variable: string): boolean {
  const meant = process.env[variable]
  return role !== 'thread' && (meant === undefined || meant.split(',').includes(role))
}
