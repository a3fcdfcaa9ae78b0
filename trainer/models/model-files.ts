import { copyFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Copies what a Hugging Face folder holds beside its weights: configuration, tokenizer, generation settings. Links
 * are followed.
 */
export async function copyModelFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const isWeights = name.includes('safetensors') || name.endsWith('.bin.index.json')
    if (isWeights || !/\.(json|model|txt)$/.test(name)) continue
    if ((await stat(join(from, name))).isFile()) await copyFile(join(from, name), join(to, name))
  }
}
