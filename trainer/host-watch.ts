import { Worker } from 'node:worker_threads'

const intervalMs = 200

// A dead parent is one that cannot be signalled any more (Windows), or was replaced by another (the rest).
const watch = `
  const parent = process.ppid
  const alive = () => {
    try { return process.kill(parent, 0) && process.ppid === parent } catch { return false }
  }
  setInterval(() => { if (!alive()) process.kill(process.pid, 'SIGKILL') }, ${intervalMs})
`

/**
 * Ends this process soon after its parent, from a thread of its own: the main one hears nothing while ONNX Runtime
 * computes, which blocks it for a whole step.
 */
export function dieWithParent(): void {
  new Worker(watch, { eval: true }).unref()
}
