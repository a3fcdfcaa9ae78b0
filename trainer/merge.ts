import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { reportNotes } from './adapter-notes.ts'
import type { TrainerContext } from './context.ts'
import { TrainerError } from './errors.ts'
import { makeFolder } from './make-folder.ts'
import { writeMergedWeights } from './lora/merge.ts'
import { loadAdapter } from './lora/peft-adapter.ts'
import { answerRuleFile } from './models/answer-rule.ts'
import { copyModelFiles } from './models/model-files.ts'
import { openModel } from './models/registry.ts'
import type { MergeCommand, MergeResult } from './protocol.ts'
import { saveAnswerRule } from './run/tune-answer-rule.ts'

/**
 * Writes a Hugging Face folder of a model with an adapter merged into it. The folder is made under a temporary name
 * beside its place and renamed, so that it is there whole or not at all.
 *
 * @throws TrainerError `file_invalid` where `out` exists already, and what the parts throw.
 */
export async function merge(command: MergeCommand, context: TrainerContext): Promise<MergeResult> {
  const started = performance.now()
  const out = resolve(command.out)
  context.report({ type: 'phase', phase: 'loading' })
  if (await stat(out).catch(() => null))
    throw new TrainerError('file_invalid', `${out} exists already. Name a folder that does not exist yet.`, {
      path: out,
    })
  const model = await openModel(command.model)
  const adapter = await loadAdapter(command.adapter, model.architecture)
  reportNotes(context, adapter)

  context.report({ type: 'phase', phase: 'saving' })
  await makeFolder(dirname(out))
  const temporary = join(dirname(out), `.${basename(out)}.${process.pid}.tmp`)
  try {
    await mkdir(temporary)
    await copyModelFiles(model.folder, temporary)
    // The base's own rule does not hold for the merged model.
    await rm(join(temporary, answerRuleFile), { force: true })
    if (adapter.answerRule) await saveAnswerRule(temporary, adapter.answerRule)
    const path = join(temporary, 'model.safetensors')
    const written = await writeMergedWeights(path, model, adapter, {
      signal: context.stop,
      onProgress: (done, total) => {
        context.report({ type: 'progress', phase: 'saving', done, total })
      },
    })
    await rename(temporary, out)
    return { type: 'result', kind: 'merge', out, ...written, seconds: (performance.now() - started) / 1000 }
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
