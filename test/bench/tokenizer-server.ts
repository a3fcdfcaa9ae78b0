import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import type { TextTokenizer } from '../../trainer/data/tokenizer.ts'
import { serve } from './serve.ts'

// Tokenisation of the sample project's documents, in a process of its own so that its memory is its own.

const documents = fileURLToPath(new URL('../../assets/sample/documents', import.meta.url))

async function readParagraphs(): Promise<readonly string[]> {
  const names = await readdir(documents, { recursive: true })
  const texts = await Promise.all(
    names
      .filter((name) => name.endsWith('.md'))
      .toSorted()
      .map((name) => readFile(join(documents, name), 'utf8')),
  )
  return texts.flatMap((text) => text.split(/\n\s*\n/)).filter((paragraph) => paragraph.trim() !== '')
}

let tokenizer: TextTokenizer | null = null
const paragraphs = await readParagraphs()
const characters = paragraphs.reduce((sum, paragraph) => sum + paragraph.length, 0)
await serve(async (request) => {
  if (request.op === 'load') {
    const began = performance.now()
    tokenizer = await loadTokenizer(request.weights)
    const seconds = (performance.now() - began) / 1000
    return { seconds, versions: { node: process.versions.node } }
  }
  if (request.op !== 'tokenize' || !tokenizer) throw new Error(`What is loaded cannot ${request.op}.`)
  const milliseconds: number[] = []
  let tokens = 0
  for (let pass = 0; pass < request.passes; pass++) {
    tokens = 0
    const began = performance.now()
    for (const paragraph of paragraphs) tokens += tokenizer.encode(paragraph).length
    milliseconds.push(performance.now() - began)
  }
  return { milliseconds, tokens, characters }
})
