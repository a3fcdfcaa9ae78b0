/**
 * One dimension: a number, or a symbol whose value comes with the feeds. A symbol is a product of names and
 * at most one number, in a canonical order (`4*batch*source`), or a sum that `concat` made (`past+1`).
 */
export type Dim = number | string
export type Shape = readonly Dim[]

/** The product of dimensions, in canonical form: `product(['source', 'batch', 4])` is `4*batch*source`. */
export function product(dims: Shape): Dim {
  let scale = 1
  const names: string[] = []
  for (const dim of dims) {
    for (const factor of factors(dim)) {
      if (typeof factor === 'number') scale *= factor
      else names.push(factor)
    }
  }
  if (names.length === 0) return scale
  names.sort()
  return scale === 1 ? names.join('*') : [scale, ...names].join('*')
}

/** The factors of a dimension: `4*batch` gives `[4, 'batch']`. A sum counts as one factor. */
export function factors(dim: Dim): Shape {
  if (typeof dim === 'number') return [dim]
  return dim.split('*').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

/** The sum of two dimensions. */
export function sum(a: Dim, b: Dim): Dim {
  return typeof a === 'number' && typeof b === 'number' ? a + b : `${a}+${b}`
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i])
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/**
 * The shape that two shapes broadcast to, by NumPy's rules. A symbol broadcasts with itself and with 1.
 *
 * @throws Error where two dimensions differ and neither is 1.
 */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1
    const right = b[b.length - rank + i] ?? 1
    if (left === right || right === 1) return left
    if (left === 1) return right
    throw new Error(`Shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast.`)
  })
}

/** A non-negative axis. @throws Error where the axis lies outside the shape. */
export function normalizeAxis(axis: number, shape: Shape): number {
  const positive = axis < 0 ? axis + shape.length : axis
  if (positive < 0 || positive >= shape.length)
    throw new Error(`Axis ${axis} lies outside shape ${formatShape(shape)}.`)
  return positive
}

/** The dimension at an axis. @throws Error where the axis lies outside the shape. */
export function dimAt(shape: Shape, axis: number): Dim {
  const dim = shape[normalizeAxis(axis, shape)]
  if (dim === undefined) throw new Error(`Axis ${axis} lies outside shape ${formatShape(shape)}.`)
  return dim
}
