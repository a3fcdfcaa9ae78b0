import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { CaseContext } from '../side.ts'

/** The folder of a model as ONNX, written to the bench's folder when it is first asked for. */
export async function exportedModel(
  weights: string,
  { folder, signal, progress }: Pick<CaseContext, 'folder' | 'signal' | 'progress'>,
): Promise<string> {
  const out = join(folder, 'exported', basename(weights))
  if (existsSync(out)) return out
  progress(`exporting ${basename(weights)} as ONNX`)
  const script = fileURLToPath(new URL('./write-exported-model.ts', import.meta.url))
  await promisify(execFile)(process.execPath, [script, weights, out], { signal })
  return out
}
