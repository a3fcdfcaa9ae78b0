/** Opens the store of a home as the app does, in a process of its own that can be killed: HOME. */
import { openWholeStore } from '../../../main/recovery/open-whole-store.ts'

process.stdout.write('opening\n')
const { store } = await openWholeStore(process.argv[2] ?? '')
await store.close()
process.stdout.write('opened\n')
