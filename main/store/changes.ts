import type { Change } from '../contract/projects.ts'

/** Tells whoever shows something that it has changed. */
export interface Changes {
  publish(topic: Change['topic'], projectId: string | null): void
  /** Returns the way to stop listening. */
  subscribe(listener: (change: Change) => void): () => void
}

export function createChanges(): Changes {
  const listeners = new Set<(change: Change) => void>()
  return {
    publish: (topic, projectId) => {
      for (const listener of listeners) listener({ topic, projectId })
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
