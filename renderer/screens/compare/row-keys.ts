/** Where the keyboard is in a list. */
export interface RowPlace {
  readonly at: number
  readonly total: number
  /** Rows that fit on a page. */
  readonly perPage: number
}

/** The row that a key leads to; null where the key moves nowhere, or the list is empty. */
export function movedBy(key: string, { at, total, perPage }: RowPlace): number | null {
  const target = targetOf(key, { at, total, perPage })
  return target === null || total === 0 ? null : Math.min(Math.max(target, 0), total - 1)
}

function targetOf(key: string, { at, total, perPage }: RowPlace): number | null {
  switch (key) {
    case 'ArrowDown':
      return at + 1
    case 'ArrowUp':
      return at - 1
    case 'PageDown':
      return at + perPage
    case 'PageUp':
      return at - perPage
    case 'Home':
      return 0
    case 'End':
      return total - 1
    default:
      return null
  }
}
