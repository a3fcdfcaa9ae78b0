import type { Value } from '../session.ts'

/** Values whose row i is what row `order[i]` was. */
export function selectRows(
  values: Readonly<Record<string, Value>>,
  order: readonly number[],
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => {
      if (!(data instanceof Float32Array)) throw new Error(`${name} is not float32.`)
      const width = data.length / (shape[0] ?? 1)
      const selected = new Float32Array(order.length * width)
      order.forEach((from, to) => {
        selected.set(data.subarray(from * width, (from + 1) * width), to * width)
      })
      return [name, { dtype: 'float32', data: selected, shape: [order.length, ...shape.slice(1)] }]
    }),
  )
}
