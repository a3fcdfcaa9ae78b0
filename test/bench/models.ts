import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { CaseContext } from './side.ts'
import type { PublishedShape } from './write-random-model.ts'

/**
 * Finds the folder of a shape: the one that `--weights` names, or random weights that are written to the bench's
 * folder when first asked for, by a process of its own so that its memory is given back.
 */
export function modelFinder(
  context: Pick<CaseContext, 'options' | 'signal' | 'progress' | 'folder'>,
): CaseContext['model'] {
  const written = new Map<PublishedShape, Promise<string>>()
  const write = async (shape: PublishedShape) => {
    context.progress(`writing random weights of the shape of ${shape}`)
    const folder = join(context.folder, shape)
    const script = fileURLToPath(new URL('./write-model.ts', import.meta.url))
    await promisify(execFile)(process.execPath, [script, folder, shape], { signal: context.signal })
    return folder
  }
  return (shape) => {
    const given = context.options.weights[shape]
    if (given !== undefined) return Promise.resolve(given)
    const known = written.get(shape) ?? write(shape)
    written.set(shape, known)
    return known
  }
}
