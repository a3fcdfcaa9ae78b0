import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startLineProcess } from './line-process.ts'
import type { LineProcess } from './line-process.ts'
import type { CaseContext } from './side.ts'

/** Starts a script of this project, named by its path from `test/bench`, in a process of its own. */
export function startOurs(script: string, { signal }: CaseContext): LineProcess {
  return startLineProcess(process.execPath, [pathOf(script)], { signal })
}

/**
 * Starts a Python script, named by its path from `test/bench`, with the processor threads of the bench. What
 * torch.compile makes goes with the bench's folder, so that no bench finds an earlier one's.
 */
export function startPython(
  python: string,
  script: string,
  { options, signal, folder }: CaseContext,
): LineProcess {
  const threads = String(options.threads)
  return startLineProcess(python, [pathOf(script)], {
    signal,
    env: {
      OMP_NUM_THREADS: threads,
      MKL_NUM_THREADS: threads,
      TORCHINDUCTOR_CACHE_DIR: join(folder, 'inductor'),
    },
  })
}

function pathOf(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url))
}
