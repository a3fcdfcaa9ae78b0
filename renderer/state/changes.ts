import type { Change } from '../../main/contract/projects.ts'
import { host } from '../connect.ts'

export type Topic = Change['topic']
type Listener = (change: Change | 'reconnected') => void

const listeners = new Set<Listener>()
let wasReady = false

/** Calls the listener when something changed, and when the connection is back after a loss. @returns the end */
export function onChange(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function publish(change: Change | 'reconnected'): void {
  for (const listener of [...listeners]) listener(change)
}

// The watch lives as long as the window; a lost connection starts it anew.
host.call('app.watch', {}, { onEvent: publish, retry: true }).catch(() => undefined)
host.onStatus(({ state }) => {
  if (state !== 'ready') return
  if (wasReady) publish('reconnected')
  wasReady = true
})
