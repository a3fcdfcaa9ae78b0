/** The real worker under the port that Electron gives a utility process: `process.parentPort`, no `process.send`. */
const send = process.send?.bind(process)
const parentPort = {
  on: (event: string, listener: (event: { data: unknown }) => void): void => {
    if (event === 'message') process.on('message', (data) => listener({ data }))
  },
  postMessage: (message: unknown): void => void send?.(message),
}
Object.assign(process, { parentPort, send: undefined })
await import('../../../trainer/worker.ts')

export {}
