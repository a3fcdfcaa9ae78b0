import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { reportNotes } from '../adapter-notes.ts'
import type { TrainerContext } from '../context.ts'
import { TrainerError } from '../errors.ts'
import { encodeOnnxModel } from '../graph/onnx-model.ts'
import type { OnnxGraph } from '../graph/onnx-model.ts'
import { makeFolder } from '../make-folder.ts'
import { writeMergedWeights } from '../lora/merge.ts'
import { loadAdapter } from '../lora/peft-adapter.ts'
import { baseLinear } from '../models/architecture.ts'
import type { Architecture, BuildContext } from '../models/architecture.ts'
import { openModel } from '../models/registry.ts'
import type { Model } from '../models/registry.ts'
import { frozenParameters, openWeights } from '../models/weights.ts'
import type { ModelWeights } from '../models/weights.ts'
import type { ExportOnnxCommand, ExportOnnxResult } from '../protocol.ts'
import { causalModel } from './causal-model.ts'
import { extractiveModel } from './extractive-model.ts'
import { writeModelSettings } from './model-settings.ts'
import { seq2seqModels } from './seq2seq-models.ts'
import { writeSharedWeights } from './shared-weights.ts'
import { usageText } from './usage.ts'

/** The folder of an export that holds its models, where Transformers.js looks for them. */
const modelsFolder = 'onnx'

/**
 * Writes a model, with an adapter merged into it where one is named, as a folder that Optimum and Transformers.js run:
 * ONNX models in `onnx/` that take their weights from one file beside them, configuration, tokenizer and a README. The
 * folder is made under a temporary name beside its place and renamed, so that it is there whole or not at all.
 *
 * @throws TrainerError `file_invalid` where `out` exists already, `cancelled`, and what the parts throw.
 */
export async function exportOnnx(
  command: ExportOnnxCommand,
  context: TrainerContext,
): Promise<ExportOnnxResult> {
  const started = performance.now()
  const out = resolve(command.out)
  context.report({ type: 'phase', phase: 'loading' })
  if (await stat(out).catch(() => null))
    throw new TrainerError('file_invalid', `${out} exists already. Name a folder that does not exist yet.`, {
      path: out,
    })
  const model = await openModel(command.model)

  context.report({ type: 'phase', phase: 'saving' })
  await makeFolder(dirname(out))
  const temporary = join(dirname(out), `.${basename(out)}.${process.pid}.tmp`)
  try {
    await mkdir(join(temporary, modelsFolder), { recursive: true })
    const { architecture } = model
    const passes = command.adapter === null ? 1 : 2
    const part = (pass: number) => ({
      report: context.report,
      signal: context.stop,
      onProgress: (done: number, total: number) => {
        context.report({
          type: 'progress',
          phase: 'saving',
          done: pass * total + done,
          total: passes * total,
        })
      },
    })
    const weights = await mergedWeights(model, command.adapter, {
      folder: join(temporary, 'merged'),
      ...part(0),
    })
    const written = await writeSharedWeights(
      join(temporary, modelsFolder),
      { weights, shapes: architecture.parameters },
      { dtype: command.dtype, ...part(passes - 1) },
    )
    await rm(join(temporary, 'merged'), { recursive: true, force: true })
    for (const [name, graph] of Object.entries(modelsOf(architecture, written)))
      await writeWhole(join(temporary, modelsFolder, name), encodeOnnxModel(graph))
    await writeModelSettings(model.folder, temporary, architecture)
    await writeWhole(join(temporary, 'README.md'), Buffer.from(usageText(architecture, command.dtype)))
    if (context.stop.aborted)
      throw new TrainerError('cancelled', 'The export was stopped. Nothing of it is left.')
    const files = await filesIn(temporary)
    await rename(temporary, out)
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const seconds = (performance.now() - started) / 1000
    return { type: 'result', kind: 'export-onnx', out, files, bytes, seconds }
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** The models of an export by file name, for weights that lie beside them. */
function modelsOf(architecture: Architecture, weights: ModelWeights): Readonly<Record<string, OnnxGraph>> {
  // Each graph has parameters of its own. Fused norms stand in no ONNX standard; runtimes fuse by themselves.
  const context = (): BuildContext => {
    const parameters = frozenParameters(weights, architecture.parameters)
    return {
      parameters,
      linear: baseLinear(parameters, architecture.parameters),
      fusedNorms: false,
      dropout: null,
    }
  }
  switch (architecture.kind) {
    case 'seq2seq':
      return seq2seqModels(architecture, context)
    case 'causal':
      return causalModel(architecture, context())
    case 'extractive':
      return extractiveModel(architecture, context())
  }
}

interface MergePlace {
  readonly folder: string
  readonly report: TrainerContext['report']
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** The model's weights; with an adapter those of a copy that it was multiplied into. */
async function mergedWeights(
  model: Model,
  adapterFolder: string | null,
  { folder, report, ...options }: MergePlace,
): Promise<ModelWeights> {
  if (adapterFolder === null) return model.weights
  const adapter = await loadAdapter(adapterFolder, model.architecture)
  reportNotes({ report }, adapter)
  await mkdir(folder)
  await writeMergedWeights(join(folder, 'model.safetensors'), model, adapter, options)
  return openWeights(folder)
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function filesIn(folder: string): Promise<{ readonly name: string; readonly bytes: number }[]> {
  const names = await readdir(folder, { recursive: true })
  const found = await Promise.all(
    names.toSorted().map(async (name) => ({ name, entry: await stat(join(folder, name)) })),
  )
  return found.flatMap(({ name, entry }) =>
    entry.isFile() ? [{ name: name.replaceAll('\\', '/'), bytes: entry.size }] : [],
  )
}
