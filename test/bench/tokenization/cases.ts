import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { repository } from '../../main/spawn-cli.ts'
import { startOurs, startPython } from '../bench-processes.ts'
import type { LineProcess } from '../line-process.ts'
import { loadedSchema, processSide } from '../process-side.ts'
import type { Loaded } from '../process-side.ts'
import type { BenchCase, CaseContext, Side } from '../side.ts'

const tokenizedSchema = z.object({
  milliseconds: z.array(z.number()),
  processor: z.array(z.number()),
  /** Of one pass. */
  tokens: z.int(),
})

const documents = join(repository, 'assets', 'sample', 'documents')
const starter = join(repository, 'assets', 'starter')

/** The sample project's documents, paragraph by paragraph, with the starter's tokenizer. */
export const tokenizationCases: readonly BenchCase[] = [tokenizationCase()]

function tokenizationCase(): BenchCase {
  const counts = new Map<string, number>()
  return {
    name: 'tokenize',
    work: { what: 'passes over the sample documents', tokenizer: 'starter' },
    async sides(context) {
      const { peft } = context.options
      const texts = await readParagraphs()
      const side = (name: string, role: Side['role'], start: () => LineProcess) =>
        tokenizationSide({ name, role, start, texts, counts }, context)
      return [
        side('loracle', 'ours', () => startOurs('tokenization/server.ts', context)),
        ...(peft === null
          ? []
          : [
              side('transformers', 'reference', () =>
                startPython(peft, 'tokenization/tokenize_reference.py', context),
              ),
            ]),
      ]
    },
    check() {
      const ours = counts.get('loracle')
      const others = [...counts].filter(([, count]) => count !== ours)
      return new Map(others.map(([name, count]) => [name, `It makes ${count} tokens, loracle ${ours}.`]))
    },
  }
}

async function readParagraphs(): Promise<readonly string[]> {
  const names = (await readdir(documents, { recursive: true })).filter((name) => name.endsWith('.md'))
  const texts = await Promise.all(names.toSorted().map((name) => readFile(join(documents, name), 'utf8')))
  return texts.flatMap((text) => text.split(/\n\s*\n/)).filter((paragraph) => paragraph.trim() !== '')
}

interface TokenizationParts {
  readonly name: string
  readonly role: Side['role']
  start(): LineProcess
  readonly texts: readonly string[]
  /** The tokens of one pass of each side. */
  readonly counts: Map<string, number>
}

function tokenizationSide(
  { name, role, start, texts, counts }: TokenizationParts,
  { options }: CaseContext,
): Side {
  const folder = options.tokenizer ?? starter
  const characters = texts.reduce((sum, text) => sum + text.length, 0)
  return processSide<Loaded>({
    name,
    role,
    start,
    load: (process) => process.ask({ op: 'load', folder, texts }, loadedSchema),
    async turn(process, _loaded, { count }) {
      const asked = { op: 'tokenize', passes: count }
      const { milliseconds, processor, tokens } = await process.ask(asked, tokenizedSchema)
      counts.set(name, tokens)
      return { milliseconds, processor, done: { tokens: count * tokens, characters: count * characters } }
    },
  })
}
