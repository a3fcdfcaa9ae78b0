import { describe, expect, test } from 'vitest'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import { gradientRules } from '../../trainer/autodiff/gradients.ts'
import * as ops from '../../trainer/graph/ops.ts'
import type { Shape } from '../../trainer/graph/shape.ts'
import { constant, input, integers } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { checkGradients } from '../support/check-gradients.ts'
import type { GradientCase } from '../support/check-gradients.ts'
import { floats, integerValues, runGraph } from '../support/run-graph.ts'

const positive = (value: number): number => 1.2 + 0.5 * value
/** Never nearer to 0 than any step of the differences reaches. */
const awayFromZero = (value: number): number => value + Math.sign(value) * 0.3
const sizes = { n: 3, m: 2 }

const unary = (op: (x: Tensor) => Tensor, domain?: (value: number) => number): readonly GradientCase[] =>
  [
    [2, 3],
    ['n', 4],
  ].map((shape: Shape) => ({
    leaves: { x: shape },
    sizes,
    ...(domain ? { domain } : {}),
    build: (leaf) => op(leaf('x')),
  }))

const binary = (
  op: (a: Tensor, b: Tensor) => Tensor,
  domain?: (value: number, leaf: string, index: number) => number,
): readonly GradientCase[] =>
  (
    [
      [
        [2, 3],
        [2, 3],
      ],
      [
        [2, 1, 4],
        [3, 1],
      ],
      [[3, 2], []],
      [[1], [2, 2]],
      [
        ['n', 1, 2],
        [1, 'm', 2],
      ],
      [['n', 'm'], ['m']],
    ] as const
  ).map(([a, b]) => ({
    leaves: { a, b },
    sizes,
    ...(domain ? { domain } : {}),
    build: (leaf) => op(leaf('a'), leaf('b')),
  }))

/** a jumps between two bands and b stays between them, so that no step changes their order. */
const banded = (value: number, leaf: string, index: number): number =>
  leaf === 'a' ? (index % 2 === 0 ? 1.5 : -1.5) + 0.2 * value : value
const choice = (op: (a: Tensor, b: Tensor) => Tensor): readonly GradientCase[] =>
  binary(op, banded)
    .filter(({ leaves }) => leaves['a']?.length !== 1)
    .flatMap((entry) => [entry, { ...entry, build: (leaf) => op(leaf('b'), leaf('a')) }])

const reduction = (op: typeof ops.reduceSum, fixed: boolean): readonly GradientCase[] => [
  { leaves: { x: [2, 3, 4] }, build: (leaf) => op(leaf('x'), [-1]) },
  { leaves: { x: [2, 3, 4] }, build: (leaf) => op(leaf('x'), [0, 2], false) },
  { leaves: { x: [2, 3] }, build: (leaf) => op(leaf('x'), [0, 1], false) },
  { leaves: { x: ['n', 4] }, sizes, build: (leaf) => op(leaf('x'), [fixed ? 1 : 0], false) },
]

const gemmCases = [false, true].flatMap((transA) =>
  [false, true].map((transB): GradientCase => ({
    leaves: { a: transA ? [4, 'n'] : ['n', 4], b: transB ? [2, 4] : [4, 2] },
    sizes,
    build: (leaf) => ops.gemm(leaf('a'), leaf('b'), { transA, transB, alpha: -0.7 }),
  })),
)

const addedTo: GradientCase = {
  leaves: { a: ['n', 4], b: [2, 4], c: ['n', 2] },
  sizes,
  build: (leaf) => ops.gemm(leaf('a'), leaf('b'), { transB: true, alpha: 0.5, plus: leaf('c') }),
}

const condition = ops.less(constant([1, 0, 0, 1, 1, 0], [2, 3]), constant(0.5))

const cases: Readonly<Record<string, readonly GradientCase[]>> = {
  neg: unary(ops.neg),
  exp: unary(ops.exp),
  log: unary(ops.log, positive),
  sqrt: unary(ops.sqrt, positive),
  reciprocal: unary(ops.reciprocal, positive),
  tanh: unary(ops.tanh),
  erf: unary(ops.erf),
  sigmoid: unary(ops.sigmoid),
  relu: unary(ops.relu, awayFromZero),
  softmax: unary(ops.softmax),
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div, positive),
  min: choice(ops.min),
  max: choice(ops.max),
  where: [
    { leaves: { a: [2, 3], b: [2, 3] }, build: (leaf) => ops.where(condition, leaf('a'), leaf('b')) },
    { leaves: { a: [3], b: [] }, build: (leaf) => ops.where(condition, leaf('a'), leaf('b')) },
    {
      leaves: { a: ['n', 2], b: ['n', 1] },
      sizes,
      feeds: { c: floats([1, 0], [2]) },
      build: (leaf) => ops.where(ops.cast(input('c', 'float32', [2]), 'bool'), leaf('a'), leaf('b')),
    },
  ],
  // There is one float type that can be fed; what is left to check is that the rule leads on.
  cast: [{ leaves: { x: ['n', 2] }, sizes, build: (leaf) => roundTrip(leaf('x')) }],
  matMul: [
    { leaves: { a: [3, 4], b: [4, 2] }, build: (leaf) => ops.matMul(leaf('a'), leaf('b')) },
    { leaves: { a: [2, 1, 3, 4], b: [1, 2, 4, 2] }, build: (leaf) => ops.matMul(leaf('a'), leaf('b')) },
    { leaves: { a: [2, 3, 4], b: [4, 2] }, build: (leaf) => ops.matMul(leaf('a'), leaf('b')) },
    {
      leaves: { a: ['n', 'm', 4], b: ['n', 4, 'm'] },
      sizes,
      build: (leaf) => ops.matMul(leaf('a'), leaf('b')),
    },
  ],
  gemm: [...gemmCases, addedTo],
  transpose: [
    { leaves: { x: [2, 3, 4] }, build: (leaf) => ops.transpose(leaf('x'), [2, 0, 1]) },
    { leaves: { x: ['n', 'm', 2, 2] }, sizes, build: (leaf) => ops.transpose(leaf('x'), [3, 1, 0, 2]) },
  ],
  reshape: [
    { leaves: { x: [2, 6] }, build: (leaf) => ops.reshape(leaf('x'), [3, 4]) },
    { leaves: { x: ['n', 'm', 4] }, sizes, build: (leaf) => ops.reshape(leaf('x'), ['m*n', 2, 2]) },
  ],
  expand: [
    { leaves: { x: [3, 1] }, build: (leaf) => ops.expand(leaf('x'), [2, 3, 4]) },
    { leaves: { x: [] }, build: (leaf) => ops.expand(leaf('x'), [2, 2]) },
    {
      leaves: { x: [1, 2], size: ['n', 1] },
      sizes,
      build: (leaf) => ops.mul(ops.expand(leaf('x'), ['n', 2]), leaf('size')),
    },
  ],
  gather: [
    { leaves: { x: [5, 3] }, build: (leaf) => ops.gather(leaf('x'), integers([4, 0, 4, 1])) },
    { leaves: { x: [4, 2, 2] }, build: (leaf) => ops.gather(leaf('x'), integers([3, 3, 0, 1], [2, 2])) },
    {
      leaves: { x: ['n', 2] },
      sizes,
      feeds: { ids: integerValues([2, 0, 2, 1], [2, 2]) },
      build: (leaf) => ops.gather(leaf('x'), input('ids', 'int64', ['m', 2])),
    },
  ],
  concat: [
    { leaves: { a: [2, 1], b: [2, 3] }, build: (leaf) => ops.concat([leaf('a'), leaf('b'), leaf('a')], 1) },
    { leaves: { a: [1, 'n'], b: ['m', 'n'] }, sizes, build: (leaf) => ops.concat([leaf('a'), leaf('b')], 0) },
  ],
  slice: [
    { leaves: { x: [4, 3] }, build: (leaf) => ops.slice(leaf('x'), 0, 1, 2) },
    { leaves: { x: [4, 3] }, build: (leaf) => ops.slice(leaf('x'), -1, 0, 2) },
    { leaves: { x: ['n', 4] }, sizes, build: (leaf) => ops.slice(leaf('x'), 1, 3, 1) },
  ],
  reduceSum: reduction(ops.reduceSum, false),
  reduceMean: reduction(ops.reduceMean, true),
  gatherElements: [
    { leaves: { x: [3, 4] }, build: (leaf) => ops.gatherElements(leaf('x'), integers([3, 0, 3], [3, 1])) },
    {
      leaves: { x: ['n', 4] },
      sizes,
      feeds: { ids: integerValues([1, 1, 2], [3, 1]) },
      build: (leaf) => ops.gatherElements(leaf('x'), input('ids', 'int64', ['n', 1])),
    },
  ],
}

test('every rule is tested, and there is no other', () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(gradientRules).sort())
})

describe('every rule agrees with finite differences', () => {
  const all = Object.entries(cases).flatMap(([op, list]) => list.map((entry, i) => ({ op, i, entry })))
  test.each(all)('$op, case $i', async ({ entry }) => {
    await checkGradients(entry)
  })
})

test('where two values are equal, min and max give each half of the gradient', async () => {
  const [a, b] = [input('a', 'float32', [3]), input('b', 'float32', [3])]
  const feeds = { a: floats([1, 2, 3], [3]), b: floats([3, 2, 1], [3]) }
  for (const [op, first] of [
    [ops.min, [1, 0.5, 0]],
    [ops.max, [0, 0.5, 1]],
  ] as const) {
    const [da, db] = differentiate(ops.reduceSum(op(a, b), [0], false), [a, b])
    expect((await runGraph(da ?? a, feeds)).data).toEqual(first)
    expect((await runGraph(db ?? b, feeds)).data).toEqual([...first].reverse())
  }
})

test('relu passes nothing at 0, as PyTorch does', async () => {
  const x = input('x', 'float32', [3])
  const [gradient] = differentiate(ops.reduceSum(ops.relu(x), [0], false), [x])
  expect((await runGraph(gradient ?? x, { x: floats([-1, 0, 1], [3]) })).data).toEqual([0, 0, 1])
})

test('gradients that a rule cannot form are refused', () => {
  const x = input('x', 'float32', ['n', 4])
  const start = input('start', 'int64', [1])
  const refusals: readonly (readonly [Tensor, string])[] = [
    [ops.reduceMean(x, [0, 1], false), 'The gradient of reduceMean wants known lengths.'],
    [ops.reduceSum(ops.slice(x, 0, 0, 2), [0, 1], false), 'The gradient of slice wants a known start'],
    [ops.reduceSum(ops.slice(x, 1, start, 2), [0, 1], false), 'The gradient of slice wants a known start'],
    [ops.reduceSum(ops.concat([x, x], 0), [0, 1], false), 'The gradient of concat wants known lengths.'],
    [
      ops.reduceSum(ops.gatherElements(x, input('ids', 'int64', ['n', 2])), [0, 1], false),
      'wants one index a row',
    ],
  ]
  for (const [loss, message] of refusals) expect(() => differentiate(loss, [x])).toThrow(message)
})

/** x as the runtime gives it back after a change of type that loses nothing. */
function roundTrip(x: Tensor): Tensor {
  return Object.freeze({
    kind: 'result',
    operation: Object.freeze({ op: 'cast', inputs: [x], attributes: { to: 'float32' } }),
    index: 0,
    dtype: 'float32',
    shape: x.shape,
  })
}
