import { TrainerError } from '../errors.ts'
import { codePointIndex } from './code-points.ts'
import { encoderPrompts } from './prompt-form.ts'
import type { PromptForm } from './prompt-form.ts'
import type { TextTokenizer } from './tokenizer.ts'
import { divideIntoPieces } from './words.ts'
import type { Piece } from './words.ts'

export interface WindowOptions {
  /** Tokens of one prompt, the end token included. */
  readonly maxSourceLength: number
  /** Tokens by which neighbouring windows overlap; at most half of a window's room for the context is used. */
  readonly stride: number
  /** How the prompt is written; by default as for an encoder. */
  readonly form?: PromptForm
}

/** One prompt over a part of a context. */
export interface Window {
  readonly sourceIds: number[]
  /** The part of the context, in UTF-16 units. */
  readonly start: number
  readonly end: number
  /** The same in Unicode code points, as answers count. */
  readonly startCodePoint: number
  readonly endCodePoint: number
  /** True where the question was cut to leave room for the context. */
  readonly questionCut: boolean
}

// No piece of text needs more units of UTF-16 for a token than this; longer contexts are not tried whole.
const unitsPerToken = 24
const largestPiece = 16

/**
 * The prompts for a question about a context: one where it fits, else windows that are cut at word borders,
 * overlap by about `stride` tokens and together cover every character of the context. Each prompt, encoded as
 * one string and ended by the end token, has at most `maxSourceLength` ids. A word longer than a window is cut
 * inside. A question that would leave the context less than a quarter of the window is cut at its end.
 *
 * @throws TrainerError `setting_invalid` where `maxSourceLength` has no room for the prompt's own words.
 */
export function promptWindows(
  tokenizer: TextTokenizer,
  question: string,
  context: string,
  { maxSourceLength, stride, form = encoderPrompts }: WindowOptions,
): Window[] {
  const prompted = { tokenizer, form }
  const whole = encodeIfShort(prompted, form.question(question, context), maxSourceLength)
  const index = codePointIndex(context)
  const window = (sourceIds: number[], start: number, end: number, questionCut: boolean): Window => ({
    sourceIds,
    start,
    end,
    startCodePoint: index.toCodePoints(start),
    endCodePoint: index.toCodePoints(end),
    questionCut,
  })
  if (whole) return [window(whole, 0, context.length, false)]

  const asked = fitQuestion(prompted, question, maxSourceLength)
  const room = maxSourceLength - promptLength(prompted, asked)
  const pieces = divideIntoPieces(
    tokenizer,
    context,
    Math.max(1, Math.min(largestPiece, Math.floor(room / 4))),
  )
  const overlap = Math.min(stride, Math.floor(room / 2))
  const encode = (first: number, end: number) =>
    encodePrompt(
      prompted,
      form.question(asked, context.slice(pieces[first]?.start, pieces[end - 1]?.end).trim()),
    )

  const windows: Window[] = []
  const cut = asked !== question
  for (let first = 0, previousEnd = 0; first < pieces.length;) {
    let end = extend(pieces, first, room)
    let ids = encode(first, end)
    // Words side by side may encode longer than one by one: give up pieces until the whole fits.
    while (ids.length > maxSourceLength && end - 1 > Math.max(first, previousEnd)) ids = encode(first, --end)
    if (ids.length > maxSourceLength && end - 1 > first) {
      // Nothing new fits beside this much overlap.
      first++
      continue
    }
    const { start } = pieces[first] ?? { start: 0 }
    windows.push(window(limit(ids, maxSourceLength), start, pieces[end - 1]?.end ?? context.length, cut))
    if (end >= pieces.length) break
    first = nextFirst(pieces, first, end, Math.min(overlap, room - (pieces[end]?.tokens ?? 0)))
    previousEnd = end
  }
  if (windows.length > 0) return windows
  return [
    window(limit(encodePrompt(prompted, form.question(asked, '')), maxSourceLength), 0, context.length, cut),
  ]
}

/** Encodes a text so that it ends with the end token, also where tokenizer.json does not say so. */
export function encodeWithEnd(tokenizer: TextTokenizer, text: string): number[] {
  const ids = tokenizer.encode(text)
  if (tokenizer.eosTokenId !== null && ids.at(-1) !== tokenizer.eosTokenId) ids.push(tokenizer.eosTokenId)
  return ids
}

/** Who encodes prompts, and how they are written. */
export interface Prompter {
  readonly tokenizer: TextTokenizer
  readonly form: PromptForm
}

/** Encodes a prompt, with the end token where its form has one. */
export function encodePrompt({ tokenizer, form }: Prompter, prompt: string): number[] {
  return form.ended ? encodeWithEnd(tokenizer, prompt) : tokenizer.encode(prompt)
}

/** The ids of a prompt, or null where they are more than `maxLength`. */
export function encodeIfShort(prompter: Prompter, text: string, maxLength: number): number[] | null {
  if (text.length > maxLength * unitsPerToken) return null
  const ids = encodePrompt(prompter, text)
  return ids.length <= maxLength ? ids : null
}

/** Tokens of a prompt without its context. */
function promptLength(prompter: Prompter, question: string): number {
  return encodePrompt(prompter, prompter.form.question(question, '').trimEnd()).length
}

/** Cuts a question at its end until a quarter of the window is left to the context. */
function fitQuestion(prompter: Prompter, question: string, maxSourceLength: number): string {
  const frame = promptLength(prompter, '')
  if (frame >= maxSourceLength)
    throw new TrainerError(
      'setting_invalid',
      `A prompt of at most ${maxSourceLength} tokens leaves no room: what stands around the question alone takes ${frame}. Set a maxSourceLength of at least ${2 * frame}, and a smaller maxTargetLength where prompt and answer share one window.`,
      { maxSourceLength, frame },
    )
  const room = Math.max(1, Math.ceil(maxSourceLength / 4))
  const fits = (text: string) => promptLength(prompter, text) + room <= maxSourceLength
  return fitFront(prompter.tokenizer, question, fits, {
    most: maxSourceLength,
    room: maxSourceLength - room - frame,
  })
}

/**
 * The whole text where it fits, else as many of its first words as do.
 *
 * @param options.most Tokens that fit at the very most. `room` is a first guess at how many of the text's do.
 */
export function fitFront(
  tokenizer: TextTokenizer,
  text: string,
  fits: (text: string) => boolean,
  { most, room = most }: { readonly most: number; readonly room?: number },
): string {
  if (text.length <= most * unitsPerToken && fits(text)) return text
  // What cannot fit need not be divided.
  const front = text.slice(0, most * unitsPerToken)
  const pieces = divideIntoPieces(tokenizer, front, 4)
  let kept = extend(pieces, 0, room)
  while (kept > 0 && !fits(front.slice(0, pieces[kept - 1]?.end))) kept--
  return kept > 0 ? front.slice(0, pieces[kept - 1]?.end).trimEnd() : ''
}

/** The end of the longest run of pieces from `first` within `room` tokens; at least one piece. */
function extend(pieces: readonly Piece[], first: number, room: number): number {
  let end = first
  let tokens = 0
  for (; end < pieces.length; end++) {
    tokens += pieces[end]?.tokens ?? 0
    if (tokens > room && end > first) break
  }
  return end
}

/** Where the next window starts: back from `end` by at most `overlap` tokens, yet after `first`. */
function nextFirst(pieces: readonly Piece[], first: number, end: number, overlap: number): number {
  let next = end
  let tokens = 0
  while (next - 1 > first) {
    tokens += pieces[next - 1]?.tokens ?? 0
    if (tokens > overlap) break
    next--
  }
  return next
}

/** The ids cut to `maxLength`, the end kept: a single code point can encode to more tokens than a tiny window has. */
export function limit(ids: number[], maxLength: number): number[] {
  return ids.length <= maxLength ? ids : [...ids.slice(0, maxLength - 1), ...ids.slice(-1)]
}
