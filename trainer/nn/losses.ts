import {
  add,
  gatherElements,
  gemm,
  log,
  mul,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  softmax,
  sub,
} from '../graph/ops.ts'
import { dimAt } from '../graph/shape.ts'
import { constant, region } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * The summed cross-entropy of logits `[rows, n]` against target distributions `[rows, n]`, each of which sums to 1; a
 * scalar. Logits that were masked far down cost nothing where their targets are 0.
 */
export function softCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const probabilities = softmax(logits)
  const logNormalizer = sub(reduceMax(logits, [-1]), log(reduceMax(probabilities, [-1])))
  const expected = reduceSum(mul(logits, targets), [-1])
  const total = reduceSum(sub(logNormalizer, expected), [0, 1], false)
  return region('softCrossEntropy', total, [logits, targets], { saved: { probabilities } })
}

/**
 * The summed cross-entropy of `hidden · weightᵀ` against labels, a scalar: hidden `[labels, width]` holds the
 * rows that carry a label and no others, weight is `[vocabulary, width]`, labels int64 `[labels]`. With label
 * smoothing ε a row costs `(1 − ε)·nll + ε·mean(−log p)` (Szegedy et al. 2016).
 */
export function headLoss(hidden: Tensor, weight: Tensor, labels: Tensor, labelSmoothing: number): Tensor {
  const logits = gemm(hidden, weight, { transB: true })
  const probabilities = softmax(logits)
  // At the maximum p is at least 1 / vocabulary, so its logarithm is exact where that of a rare label is not.
  const logNormalizer = sub(reduceMax(logits, [-1]), log(reduceMax(probabilities, [-1])))
  const column = reshape(labels, [dimAt(labels.shape, 0), 1])
  const nll = sub(logNormalizer, gatherElements(logits, column))
  const perRow =
    labelSmoothing === 0
      ? nll
      : add(
          mul(nll, constant(1 - labelSmoothing)),
          mul(sub(logNormalizer, reduceMean(logits, [-1])), constant(labelSmoothing)),
        )
  return region('headLoss', reduceSum(perRow, [0, 1], false), [hidden, weight, labels], {
    saved: { probabilities },
    attributes: { labelSmoothing },
  })
}
