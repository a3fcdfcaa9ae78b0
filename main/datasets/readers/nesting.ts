const deepest = 64

/** What is wrong with a record of lists within lists within lists: no reader's stack has an end. */
export const tooDeep = `The record is nested more than ${deepest} levels deep. Save its texts without the nesting.`

/** True where a JSON value holds lists or objects more than 64 levels deep. */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth > deepest) return true
  return (Array.isArray(value) ? value : Object.values(value)).some((one) => isTooDeep(one, depth + 1))
}
