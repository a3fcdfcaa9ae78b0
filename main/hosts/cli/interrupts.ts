/** Calls a listener at every Ctrl-C and SIGTERM, which then no longer end the process. Returns what ends this. */
export function onInterrupt(listener: () => void): () => void {
  process.on('SIGINT', listener).on('SIGTERM', listener)
  return () => process.off('SIGINT', listener).off('SIGTERM', listener)
}

/**
 * Ends this process where it has not ended by itself in two seconds. A read that something still waits for (a pipe,
 * a drive that does not answer) would outlive even process.exit, which joins the threads of Node's pool.
 */
export function endSoon(): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2_000).unref()
}
