/** Reads JSON that this app has written into its own store. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T
}
