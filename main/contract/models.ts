/** Models, downloads and the machine, as plain data. */
export type { ArchitectureKind } from '../../trainer/protocol.ts'
import type { ErrorValue } from './errors.ts'
import type { ArchitectureKind, ProviderCheck } from '../../trainer/protocol.ts'

export interface ModelInfo {
  readonly id: string
  readonly name: string
  readonly folder: string
  readonly origin: 'starter' | 'folder' | 'download'
  /** `t5`, `gpt_neo`, `bert`, … as config.json says. */
  readonly architecture: string
  /** Null where the architecture is not built in. */
  readonly kind: ArchitectureKind | null
  readonly parameters: number
  readonly bytes: number
  readonly licence: string | null
  /** Tokens that the model was made for; null where its configuration does not say. */
  readonly maxLength: number | null
  /** Memory that training with the default settings needs, in MB; an estimate. */
  readonly trainingMemoryMb: number
  /** False where this version cannot train it, or its folder is gone; `reason` says so. */
  readonly usable: boolean
  readonly reason: string | null
}

export interface CatalogueEntry {
  readonly id: string
  readonly name: string
  readonly publisher: string
  readonly repository: string
  readonly architecture: string
  readonly kind: ArchitectureKind | null
  readonly parameters: number
  readonly downloadBytes: number
  readonly trainingMemoryMb: number
  readonly licence: string
  readonly summary: string
  readonly supported: boolean
  readonly reason: string | null
  /** The model in the list of models, where it is already here. */
  readonly modelId: string | null
  readonly download: DownloadState | null
}

export interface DownloadState {
  readonly catalogueId: string
  readonly status: 'listing' | 'downloading' | 'checking' | 'paused' | 'failed' | 'done'
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly bytesPerSecond: number
  readonly file: string | null
  readonly error: ErrorValue | null
}

export interface MachineInfo {
  readonly processor: string
  readonly cores: number
  readonly memoryMb: number
  readonly freeMemoryMb: number
  readonly diskFreeMb: number
  readonly graphics: readonly string[]
  readonly versions: Readonly<Record<string, string>>
  /** What the last check of each execution provider said; null before the first. */
  readonly providers: readonly ProviderCheck[] | null
  readonly checkedAt: number | null
}
