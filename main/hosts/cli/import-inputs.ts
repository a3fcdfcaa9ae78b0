import { basename, resolve } from 'node:path'
import type { App } from '../../app.ts'
import type { FileRef, FoundProblem } from '../../contract/imports.ts'
import type { Arguments, OptionSpecs } from './arguments.ts'
import { Failure } from './failure.ts'
import { countOf } from './format.ts'
import type { Output } from './output.ts'

/** One file to look at or to import. */
export interface InputFile {
  readonly file: FileRef
  /** The name to show and keep; the file's own where null. */
  readonly name: string | null
  /** How messages name it. */
  readonly label: string
  /** False where a folder or an archive brought it along with others. */
  readonly isNamed: boolean
}

/** What a word of the command line stands for: a file, the files of a folder or an archive, or a web page's text. */
export interface Input {
  readonly files: readonly InputFile[]
  readonly skipped: readonly FoundProblem[]
  readonly kind: 'file' | 'files' | 'web'
}

export interface WebWish {
  readonly scope: 'page' | 'site'
  readonly maxPages: number
}

export const webOptions = {
  site: {
    value: null,
    summary: 'Of a web address: read the pages of its site below it too, not this page alone.',
  },
  pages: { value: 'N', summary: 'At most so many pages of a site; 50 without it.' },
} satisfies OptionSpecs

/** @throws Failure `usage`. */
export function readWebArguments(command: string, args: Arguments): WebWish {
  if (args.has('pages') && !args.has('site'))
    throw new Failure('usage', `--pages goes with --site. See loracle ${command} --help.`)
  return {
    scope: args.has('site') ? 'site' : 'page',
    maxPages: numberOption(command, args, { name: 'pages', from: 1, to: 1000 }) ?? 50,
  }
}

export interface NumberOption {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** A whole number in an option; null where it was not given. @throws Failure `usage` */
export function numberOption(
  command: string,
  args: Arguments,
  { name, from, to }: NumberOption,
): number | null {
  const given = args.get(name)
  if (given === null) return null
  const value = /^\d{1,9}$/.test(given) ? Number(given) : NaN
  if (value >= from && value <= to) return value
  throw new Failure(
    'usage',
    `--${name} takes a whole number from ${from} to ${to}, not ${given}. See loracle ${command} --help.`,
  )
}

export interface InputView {
  readonly output: Output
  readonly signal: AbortSignal
  readonly web: WebWish
}

/** Takes a folder or an archive apart, reads a web address. @throws what `data.expand` and `data.readWeb` throw. */
export async function openInput({ handlers }: App, word: string, view: InputView): Promise<Input> {
  const { output, signal } = view
  const show = (text: string): void => {
    if (!output.json) output.progress.update(text)
  }
  if (/^https?:\/\//i.test(word)) {
    const reading = await handlers['data.readWeb'](
      { url: word, ...view.web },
      {
        signal,
        emit: (progress) => {
          output.value({ type: 'reading', ...progress })
          show(`reading ${progress.url}  ${countOf(progress.read, 'page')}`)
        },
      },
    )
    const { file, name, skipped } = reading
    return { files: [{ file, name, label: name, isNamed: true }], skipped, kind: 'web' }
  }
  const path = resolve(word)
  const expansion = await handlers['data.expand'](
    { file: { path } },
    { signal, emit: ({ done, total }) => show(`opening ${basename(path)}  ${done} of ${total}`) },
  )
  const { files, skipped } = expansion
  const [only] = files
  if (files.length === 1 && only && 'path' in only.file && resolve(only.file.path) === path)
    return {
      files: [{ file: { path }, name: null, label: basename(path), isNamed: true }],
      skipped,
      kind: 'file',
    }
  if (files.length === 0)
    throw new Failure('data_empty', `${basename(path)} holds no file that can be read. Choose another one.`, {
      path,
    })
  return {
    files: files.map(({ file, name }) => ({ file, name, label: name, isNamed: false })),
    skipped,
    kind: 'files',
  }
}

const mostShown = 10

/** Says what was passed over. */
export function reportSkipped(skipped: readonly FoundProblem[], output: Output): void {
  for (const problem of skipped) output.value({ type: 'skipped', ...problem })
  if (output.json) return
  for (const { where, message } of skipped.slice(0, mostShown))
    output.progress.print(`not taken: ${where === '' ? '' : `${where}: `}${message}`)
  if (skipped.length > mostShown) output.progress.print(`not taken: ${skipped.length - mostShown} more`)
}
