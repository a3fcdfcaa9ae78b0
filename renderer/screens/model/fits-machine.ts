import type { MachineInfo } from '../../../main/contract/models.ts'

export type Fit = 'fits' | 'tight' | 'too-much'

/** The system and the other programs keep about this share of the memory. */
const roomForOthers = 0.2
const bytesPerMb = 1024 ** 2

/**
 * Whether a model can be trained on this machine, by its memory as a whole: what is free right now changes by the
 * minute, and the Train step looks at that. `tight` means that other programs would have to make room.
 */
export function memoryFit(trainingMemoryMb: number, machine: Pick<MachineInfo, 'memoryMb'>): Fit {
  if (trainingMemoryMb <= machine.memoryMb * (1 - roomForOthers)) return 'fits'
  return trainingMemoryMb <= machine.memoryMb ? 'tight' : 'too-much'
}

/** Whether there is room on the disk for a download that has `bytesDone` already. */
export function diskFits(
  downloadBytes: number,
  bytesDone: number,
  machine: Pick<MachineInfo, 'diskFreeMb'>,
): boolean {
  return downloadBytes - bytesDone <= machine.diskFreeMb * bytesPerMb
}
