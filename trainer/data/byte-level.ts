import { ByteLevelPreTokenizer, SequencePreTokenizer } from '@huggingface/tokenizers'
import type { Tokenizer } from '@huggingface/tokenizers'

/**
 * How GPT-2 divides a text before its pairs are merged (Radford et al. 2019), with Unicode's white space as the
 * reference library has it: JavaScript's `\s` lacks U+0085 and has U+FEFF.
 */
const division =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

/** Lets byte-level BPE divide texts exactly as the reference library does. */
export function divideAsReference({ pre_tokenizer: whole }: Tokenizer): void {
  for (const step of whole instanceof SequencePreTokenizer ? whole.tokenizers : [whole])
    if (step instanceof ByteLevelPreTokenizer) step.pattern = division
}
