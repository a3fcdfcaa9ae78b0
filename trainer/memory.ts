const megabyte = 1024 * 1024

/** Resident memory of this process, in MB. */
export function residentMb(): number {
  return Math.round(process.memoryUsage.rss() / megabyte)
}

/** The most resident memory that this process has had, in MB. */
export function peakResidentMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
