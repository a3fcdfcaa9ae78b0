import type { ConnectionStatus } from '../../main/rpc/client.ts'
import { host } from '../connect.ts'

let status = $state.raw<ConnectionStatus>({ state: 'connecting' })
/** Connecting for the first time is no loss, and neither is the moment of a new attempt a recovery. */
let lost = $state(false)

host.onStatus((next) => {
  status = next
  if (next.state === 'lost') lost = true
  if (next.state === 'ready') lost = false
})

/** The connection to the host, reactive. */
export const connection = {
  get status(): ConnectionStatus {
    return status
  },
  /** True from the loss of the connection until it is back. */
  get lost(): boolean {
    return lost
  },
}
