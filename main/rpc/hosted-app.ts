import type { RpcService } from './server.ts'

/** A file that can be downloaded through the web host. */
export interface Download {
  /** Absolute; an existing file. */
  readonly path: string
  /** The name that the person's browser saves it under. */
  readonly name: string
}

/** What a host with a window needs of the app. */
export interface HostedApp extends RpcService {
  /** The file of an export, where there is one of that id and it is a file; undefined otherwise. */
  findDownload(exportId: string): Promise<Download | undefined>
  /** The run at work, so that a host asks before it closes. */
  activeRun(): { readonly name: string } | undefined
  /** Pauses what is at work (checkpoints saved), ends the trainer processes, closes the store. Never rejects. */
  dispose(): Promise<void>
}
