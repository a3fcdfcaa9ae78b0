/** Does some work and says how long it took: of the wall clock, and of this process's processors, in milliseconds. */
export async function timed<T>(
  work: () => Promise<T> | T,
): Promise<{ readonly result: T; readonly milliseconds: number; readonly processor: number }> {
  const [began, used] = [performance.now(), process.cpuUsage()]
  const result = await work()
  const { user, system } = process.cpuUsage(used)
  return { result, milliseconds: performance.now() - began, processor: (user + system) / 1000 }
}
