/** The command line with another worker: `cli.ts WORKER ARGUMENTS…`. */
import { fileURLToPath } from 'node:url'
import { runCli } from '../../../main/hosts/cli/run-cli.ts'

const [worker = '', ...argv] = process.argv.slice(2)
const root = fileURLToPath(new URL('../../..', import.meta.url))
await runCli(argv, { root, workerPath: fileURLToPath(new URL(worker, import.meta.url)), version: 'test' })
