import { join } from 'node:path'
import { inspectAdapter } from '../../../trainer/inspect-adapter.ts'

/** Reads an adapter for a model, as the trainer does before it is imported. */
export async function readAdapterFolder(folder: string): Promise<readonly string[]> {
  const never = new AbortController().signal
  const context = { report: () => undefined, stop: never, keep: never }
  const command = {
    kind: 'inspect-adapter',
    model: join(folder, 'model'),
    adapter: join(folder, 'adapter'),
  } as const
  const { notes } = await inspectAdapter(command, context)
  return notes.length > 0 ? ['read with notes'] : ['read']
}
