import { basename, extname } from 'node:path'
import { plainCall } from '../../app.ts'
import type { App } from '../../app.ts'
import type { TrainingDataset } from '../../contract/engine-types.ts'
import { Failure } from './failure.ts'

/**
 * The datasets of a command line: each file by its own name, a number added where two have one, with the weights that
 * name them.
 *
 * @throws Failure `usage` for a weight that is no number above 0 or names no dataset.
 */
export function readMixture(
  files: readonly string[],
  weights: readonly string[],
): readonly TrainingDataset[] {
  const names = files.length === 1 ? ['data'] : distinctNames(files)
  const stems = files.map((file) => basename(file, extname(file)))
  const weightOf = new Map<number, number>()
  for (const given of weights) {
    const { name, weight } = parseWeight(given)
    const place = names.includes(name) ? names.indexOf(name) : stems.indexOf(name)
    if (place === -1) throw namesNothing(given, [...new Set(stems)])
    weightOf.set(place, weight)
  }
  return files.map((data, i) => ({ name: names[i] ?? data, data, weight: weightOf.get(i) ?? 1 }))
}

/**
 * Sets the weights of a project's sources, by name or by name without its ending.
 *
 * @throws Failure `usage` for a weight that is no number above 0 or names no source.
 */
export async function weighSources(
  { handlers }: App,
  projectId: string,
  weights: readonly string[],
): Promise<void> {
  if (weights.length === 0) return
  const sources = await handlers['data.sources']({ projectId }, plainCall)
  const chosen = weights.map((given) => {
    const { name, weight } = parseWeight(given)
    const source = sources.find((one) => one.name === name || basename(one.name, extname(one.name)) === name)
    if (!source)
      throw namesNothing(
        given,
        sources.map((one) => one.name),
      )
    return { sourceId: source.id, weight }
  })
  for (const one of chosen) await handlers['data.setWeight']({ projectId, ...one }, plainCall)
}

function parseWeight(given: string): { readonly name: string; readonly weight: number } {
  const [, name = given, number = ''] = /^(.*)=([^=]*)$/.exec(given) ?? []
  const weight = Number(number)
  if (number.trim() === '' || !(weight >= 0.01 && weight <= 100))
    throw new Failure('usage', `--weight ${given} lacks a number from 0.01 to 100, such as ${name}=2.`, {
      weight: given,
    })
  return { name, weight }
}

function namesNothing(given: string, names: readonly string[]): Failure {
  return new Failure(
    'usage',
    `--weight ${given} names no dataset. Write NAME=NUMBER with one of: ${names.join(', ')}.`,
    { weight: given },
  )
}

function distinctNames(files: readonly string[]): readonly string[] {
  const names: string[] = []
  for (const file of files) {
    const stem = basename(file, extname(file))
    let name = stem
    for (let number = 2; names.includes(name); number++) name = `${stem}-${number}`
    names.push(name)
  }
  return names
}
