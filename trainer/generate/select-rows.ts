import type { Value } from '../session.ts'

/** Values whose row i is what row `order[i]` was. */
export function selectRows(
  values: Readonly<Record<string, Value>>,
  order: readonly number[],
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => {
      const width = data.length / (shape[0] ?? 1)
      const selectedShape = [order.length, ...shape.slice(1)]
      if (data instanceof BigInt64Array) {
        const rows = order.flatMap((from) => [...data.subarray(from * width, (from + 1) * width)])
        return [name, { dtype: 'int64', data: BigInt64Array.from(rows), shape: selectedShape }]
      }
      const selected = new Float32Array(order.length * width)
      order.forEach((from, to) => {
        selected.set(data.subarray(from * width, (from + 1) * width), to * width)
      })
      return [name, { dtype: 'float32', data: selected, shape: selectedShape }]
    }),
  )
}
