const megabyte = 1024 * 1024

/** Resident memory of this process, in MB. */
export function residentMb(): number {
  return Math.round(process.memoryUsage.rss() / megabyte)
}

/** Measures the processor time of this process between calls, in percent of one processor. */
export function processorMeter(): () => number {
  let usage = process.cpuUsage()
  let time = performance.now()
  return () => {
    const [used, now] = [process.cpuUsage(usage), performance.now()]
    const percent = (used.user + used.system) / 10 / (now - time)
    usage = process.cpuUsage()
    time = now
    return Math.round(percent)
  }
}

/** The most resident memory that this process has had, in MB. */
export function peakResidentMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}
