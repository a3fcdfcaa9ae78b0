/** Who asks: a name, or a symbol for a connection. */
export type Client = string | symbol

export interface QueueLimits {
  /** Items that may wait in all. */
  readonly limit: number
  /** Items of one client that may wait. */
  readonly limitPerClient: number
}

/** Items that wait, first come first served within a client; clients take turns (round robin). */
export interface FairQueue<Item> {
  readonly size: number
  readonly clients: number
  sizeOf(client: Client): number
  /** Which limit a further item of a client would break: its own, or that of all; null where there is room. */
  fullFor(client: Client): 'all' | 'client' | null
  /** Adds an item whether or not there is room: ask `fullFor` before. */
  add(client: Client, item: Item): void
  /** The next item, which goes; undefined where nothing waits. */
  take(): Item | undefined
  /** False where the item does not wait. */
  remove(item: Item): boolean
  /** Empties the queue and gives what was in it. */
  clear(): readonly Item[]
}

/** Holds no memory of clients that have nothing waiting. */
export function createFairQueue<Item>({ limit, limitPerClient }: QueueLimits): FairQueue<Item> {
  // Clients in the order of their turns.
  const waiting = new Map<Client, Item[]>()
  let size = 0
  const sizeOf = (client: Client): number => waiting.get(client)?.length ?? 0
  return {
    get size() {
      return size
    },
    get clients() {
      return waiting.size
    },
    sizeOf,
    fullFor: (client) => (size >= limit ? 'all' : sizeOf(client) >= limitPerClient ? 'client' : null),
    add(client, item) {
      const items = waiting.get(client)
      if (items) items.push(item)
      else waiting.set(client, [item])
      size++
    },
    take() {
      const [turn] = waiting
      if (!turn) return undefined
      const [client, items] = turn
      const item = items.shift()
      waiting.delete(client)
      if (items.length > 0) waiting.set(client, items)
      size--
      return item
    },
    remove(item) {
      for (const [client, items] of waiting) {
        const place = items.indexOf(item)
        if (place === -1) continue
        items.splice(place, 1)
        if (items.length === 0) waiting.delete(client)
        size--
        return true
      }
      return false
    },
    clear() {
      const all = [...waiting.values()].flat()
      waiting.clear()
      size = 0
      return all
    },
  }
}
