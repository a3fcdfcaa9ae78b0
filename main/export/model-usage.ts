import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { architectureKind } from '../../trainer/protocol.ts'
import type { ArchitectureKind } from '../../trainer/protocol.ts'

/** How a model of one kind is asked and loaded with Transformers. */
interface ModelUse {
  /** Transformers' class for it. */
  readonly autoClass: string
  /** A question's prompt as plain text; null where question and passage go in side by side. */
  readonly question: string | null
  /** What follows the prompt of a task. */
  readonly taskEnd: string
  /** Lines of Python that ask the loaded model. */
  readonly ask: readonly string[]
}

const uses: Readonly<Record<ArchitectureKind, ModelUse>> = {
  seq2seq: {
    autoClass: 'AutoModelForSeq2SeqLM',
    question: 'question: {question} context: {passage}',
    taskEnd: '',
    ask: [
      'ids = model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=32)',
      'print(tokenizer.decode(ids[0], skip_special_tokens=True))',
    ],
  },
  causal: {
    autoClass: 'AutoModelForCausalLM',
    question: 'Question: {question}\nContext: {passage}\nAnswer:',
    taskEnd: '\nAnswer:',
    ask: [
      'inputs = tokenizer(prompt, return_tensors="pt")',
      'ids = model.generate(**inputs, max_new_tokens=32, do_sample=False)',
      'print(tokenizer.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))',
    ],
  },
  extractive: {
    autoClass: 'AutoModelForQuestionAnswering',
    question: null,
    taskEnd: '',
    ask: [
      'inputs = tokenizer(question, passage, truncation="only_second", return_offsets_mapping=True, return_tensors="pt")',
      'places = inputs.pop("offset_mapping")[0].tolist()',
      'outside = torch.tensor([part != 1 for part in inputs.sequence_ids(0)])',
      'scores = model(**inputs)',
      'starts = scores.start_logits[0].masked_fill(outside, float("-inf"))',
      'ends = scores.end_logits[0].masked_fill(outside, float("-inf"))',
      '# Of all stretches that end where they begin or later, the one with the highest sum.',
      'both = (starts[:, None] + ends[None, :]).masked_fill(torch.ones(len(starts), len(starts)).tril(-1) > 0, float("-inf"))',
      'start, end = divmod(int(both.argmax()), len(ends))',
      'print(passage[places[start][0] : places[end][1]])',
    ],
  },
}

/** The prompts that a model of a kind was trained on, in words and code blocks. */
export function promptText(
  kind: ArchitectureKind,
  { questions, taskExample }: { readonly questions: boolean; readonly taskExample: string | null },
): readonly string[] {
  const { question, taskEnd } = uses[kind]
  const shown = question?.replace('{question}', '<your question>').replace('{passage}', '<the passage>')
  const asked =
    shown === undefined
      ? [
          'The tokenizer takes the question and the passage as a pair, and the model marks where in the passage the answer begins and ends. A passage longer than the model reads at once is cut by the lines below: ask about its parts one by one.',
          'That there is no answer it says through the first token: where the sum of its two scores is higher than that of the best stretch by more than `noAnswerThreshold` in `loracle.json`, the passage does not answer. Without that file, or where it says null, there is always an answer.',
        ]
      : [
          'The prompt holds the question and the passage; the answer is a stretch of the passage, or the word “unanswerable”:',
          fenced('text', shown),
        ]
  return [
    ...(questions ? asked : []),
    ...(taskExample === null
      ? []
      : [
          'The prompt of a task is its instruction, a blank line, and the input:',
          fenced('text', `${taskExample}${taskEnd}`),
        ]),
  ]
}

/** Python that loads an exported adapter or model with Transformers, and asks it once. */
export function pythonUsage(
  kind: ArchitectureKind,
  { isAdapter, questions }: { readonly isAdapter: boolean; readonly questions: boolean },
): string {
  const { autoClass, question, taskEnd, ask } = uses[kind]
  const prompt = questions ? question : `{instruction}\n\n{text}${taskEnd}`
  return fenced(
    'python',
    [
      ...(kind === 'extractive' ? ['import torch'] : []),
      ...(isAdapter ? ['from peft import PeftModel'] : []),
      `from transformers import ${autoClass}, AutoTokenizer`,
      '',
      ...(isAdapter
        ? [
            'base = "path/to/the/base/model"',
            'tokenizer = AutoTokenizer.from_pretrained(base)',
            `model = PeftModel.from_pretrained(${autoClass}.from_pretrained(base), "path/to/this/folder")`,
          ]
        : [
            'folder = "path/to/this/folder"',
            'tokenizer = AutoTokenizer.from_pretrained(folder)',
            `model = ${autoClass}.from_pretrained(folder)`,
          ]),
      '',
      ...(prompt === null ? [] : [`prompt = f${JSON.stringify(prompt)}`]),
      ...ask,
    ].join('\n'),
  )
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

const configSchema = z.object({ model_type: z.string() })

/** What kind of model lies in a folder; null where its config.json is gone or names none that is known. */
export async function kindOfFolder(folder: string): Promise<ArchitectureKind | null> {
  const text = await readFile(join(folder, 'config.json'), 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return architectureKind(configSchema.parse(JSON.parse(text)).model_type)
  } catch {
    return null
  }
}
