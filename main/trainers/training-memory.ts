/** What the memory of a training run depends on. */
export interface TrainingSize {
  readonly parameters: number
  readonly batchSize: number
  /** Tokens of the longest prompt and of the longest answer in a batch. */
  readonly sourceLength: number
  readonly targetLength: number
  readonly method: 'lora' | 'full'
}

/** Node, ONNX Runtime and the tokenizer, in MB. */
const processMb = 170
/** Activations and gradients of one token in Flan-T5-small (77 M parameters): measured at 256 and at 512 tokens. */
const referenceMbPerToken = 0.435
const referenceParameters = 77e6

/**
 * The memory that a run is expected to need at its peak, in MB, from the size of the model alone: within about a
 * third for models of T5's shape. `runs.estimate` knows the model's shape and measures.
 */
export function trainingMemoryMb(size: TrainingSize): number {
  const { parameters, batchSize, sourceLength, targetLength, method } = size
  const weights = (4 * parameters) / 1e6
  // Gradients, two moments and the best copy: of every weight, or of adapters of about a fiftieth of them.
  const trained = 4 * weights * (method === 'full' ? 1 : 0.02)
  // Smaller models keep T5's vocabulary, whose logits then weigh most: 0.154 MB in the starter (5.7 M), measured.
  const exponent = parameters < referenceParameters ? 0.4 : 0.75
  const perToken = referenceMbPerToken * (parameters / referenceParameters) ** exponent
  return Math.round(
    processMb + 1.1 * weights + trained + perToken * batchSize * (sourceLength + targetLength),
  )
}
