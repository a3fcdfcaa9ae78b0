import { formatNumber } from './format.ts'

/**
 * Memory in the units in which it is sold: 1 GB is 1024 MB.
 *
 * @example formatMemory(16_384) // '16 GB'
 */
export function formatMemory(megabytes: number): string {
  if (megabytes < 1000) return `${formatNumber(megabytes)} MB`
  const gigabytes = megabytes / 1024
  return `${formatNumber(gigabytes, gigabytes < 100 ? 1 : 0)} GB`
}
