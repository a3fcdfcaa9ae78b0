/** The real trainer, killed at the moment at which it would tell its result. */
const send = process.send?.bind(process)
process.send = (message: unknown, ...rest: readonly unknown[]) => {
  if (JSON.stringify(message).includes('"type":"result"')) process.kill(process.pid, 'SIGKILL')
  return send?.(message, ...(rest as [])) ?? false
}
await import('../../../trainer/worker.ts')
export {}
