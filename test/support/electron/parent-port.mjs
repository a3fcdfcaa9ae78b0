// Gives a forked Node process the `process.parentPort` of an Electron utility process, and takes `process.send` away.
import { EventEmitter } from 'node:events'

const send = process.send.bind(process)
const parentPort = new EventEmitter()
parentPort.postMessage = (message) => send(message)
parentPort.start = () => undefined
parentPort.pause = () => undefined
process.on('message', (data) => parentPort.emit('message', { data, ports: [] }))
// Electron ends its utility processes itself.
process.once('disconnect', () => process.exit(0))
process.parentPort = parentPort
process.send = undefined
process.type = 'utility'
