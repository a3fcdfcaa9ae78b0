/** A worker that ignores every request to stop, and the loss of its host: only SIGKILL ends it. */
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => process.send?.({ type: 'token', text: 'SIGTERM' }))
process.on('message', () => process.send?.({ type: 'token', text: `pid ${process.pid}` }))
setInterval(() => undefined, 1000)
