import { exportOnnx } from '../../../trainer/export/export-onnx.ts'

// Exports a model folder as ONNX; a process of its own gives its memory back.
const [model, out] = process.argv.slice(2)
if (model === undefined || out === undefined) throw new Error('Name a model folder and the folder to write.')
const { signal } = new AbortController()
await exportOnnx(
  { kind: 'export-onnx', model, adapter: null, out, dtype: 'F32' },
  { report: () => undefined, stop: signal, keep: signal },
)
