import type { Architecture, ArchitectureKind } from '../models/architecture.ts'
import type { ExportType } from './shared-weights.ts'
import { weightsFile } from './shared-weights.ts'

/** How an export is used from Python and from JavaScript, in Markdown. */
export function usageText({ kind }: Architecture, dtype: ExportType): string {
  const { optimum, transformersJs, browser } = uses[kind]
  const sections = [
    `The folder \`onnx\` holds ONNX models in the layout of Hugging Face's Optimum. They share one file of weights, \`onnx/${weightsFile}\` (${dtype === 'F16' ? 'F16, widened to F32 when loaded' : 'F32'}; its form is safetensors): copy the folder as a whole.`,
    'In Python, with Optimum (`pip install optimum-onnx[onnxruntime]`):',
    `\`\`\`python\n${optimum}\n\`\`\``,
    'In JavaScript, with Transformers.js (`npm install @huggingface/transformers`); the path is that of the folder above this one:',
    `\`\`\`js\n${transformersJs}\n\`\`\``,
    ...browser,
  ]
  return `${sections.join('\n\n')}\n`
}

interface Use {
  readonly optimum: string
  readonly transformersJs: string
  readonly browser: readonly string[]
}

const uses: Readonly<Record<ArchitectureKind, Use>> = {
  seq2seq: {
    optimum: `from optimum.onnxruntime import ORTModelForSeq2SeqLM
from transformers import AutoTokenizer

folder = "path/to/this/folder"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = ORTModelForSeq2SeqLM.from_pretrained(folder)

prompt = f"question: {question} context: {passage}"
ids = model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=32)
print(tokenizer.decode(ids[0], skip_special_tokens=True))`,
    transformersJs: `import { env, pipeline } from '@huggingface/transformers'

env.localModelPath = 'path/to'
const answer = await pipeline('text2text-generation', 'this-folder')
console.log(await answer(\`question: \${question} context: \${passage}\`, { max_new_tokens: 32 }))`,
    browser: [
      'A browser does not look into folders, so there the file of weights is named:',
      `\`\`\`js
const answer = await pipeline('text2text-generation', 'this-folder', {
  session_options: { externalData: [{ path: '${weightsFile}', data: 'onnx/${weightsFile}' }] },
})
\`\`\``,
    ],
  },
  causal: {
    optimum: `from optimum.onnxruntime import ORTModelForCausalLM
from transformers import AutoTokenizer

folder = "path/to/this/folder"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = ORTModelForCausalLM.from_pretrained(folder)

prompt = f"Question: {question}\\nContext: {passage}\\nAnswer:"
ids = model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=32)
print(tokenizer.decode(ids[0], skip_special_tokens=True))`,
    transformersJs: `import { env, pipeline } from '@huggingface/transformers'

env.localModelPath = 'path/to'
const generate = await pipeline('text-generation', 'this-folder')
console.log(await generate(\`Question: \${question}\\nContext: \${passage}\\nAnswer:\`, { max_new_tokens: 32 }))`,
    browser: [],
  },
  extractive: {
    optimum: `from optimum.onnxruntime import ORTModelForQuestionAnswering
from transformers import AutoTokenizer

folder = "path/to/this/folder"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = ORTModelForQuestionAnswering.from_pretrained(folder)

inputs = tokenizer(question, passage, return_tensors="pt")
scores = model(**inputs)
start, end = scores.start_logits.argmax(), scores.end_logits.argmax()
print(tokenizer.decode(inputs["input_ids"][0, start : end + 1], skip_special_tokens=True))`,
    transformersJs: `import { env, pipeline } from '@huggingface/transformers'

env.localModelPath = 'path/to'
const answer = await pipeline('question-answering', 'this-folder')
console.log(await answer(question, passage))`,
    browser: [],
  },
}
