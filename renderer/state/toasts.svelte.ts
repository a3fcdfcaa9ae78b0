import type { ErrorValue } from '../../main/contract/errors.ts'
import { errorOf } from './errors.ts'

export interface ToastAction {
  readonly label: string
  run(): void
}

export interface Toast {
  readonly id: number
  readonly kind: 'info' | 'good' | 'error'
  readonly text: string
  readonly action: ToastAction | null
  /** The error behind it, whose details can be copied. */
  readonly error: ErrorValue | null
}

const lifetimeMs = 6_000
let list = $state.raw<readonly Toast[]>([])
let status = $state('')
let nextId = 1

/** Messages at the window's lower edge, newest last; errors stay until they are closed. */
export const toasts = {
  get list(): readonly Toast[] {
    return list
  },
}

export function toast(
  text: string,
  options: { readonly kind?: 'info' | 'good'; readonly action?: ToastAction } = {},
): void {
  const one = add({ kind: options.kind ?? 'info', text, action: options.action ?? null, error: null })
  setTimeout(() => closeToast(one.id), options.action ? lifetimeMs * 2 : lifetimeMs)
}

/** Shows what a call threw; what the person stopped is not shown. */
export function showError(thrown: unknown): void {
  const error = errorOf(thrown)
  if (error.code === 'cancelled') return
  if (list.some((one) => one.error?.message === error.message)) return
  add({ kind: 'error', text: error.message, action: null, error })
}

export function closeToast(id: number): void {
  list = list.filter((one) => one.id !== id)
}

/** What a screen reader is told next; `announcer.text` is reactive. */
export const announcer = {
  get text(): string {
    return status
  },
}

/** Says something to a screen reader without showing it: a page was loaded, a filter found so many rows. */
export function announce(text: string): void {
  status = status === text ? `${text} ` : text
}

function add(one: Omit<Toast, 'id'>): Toast {
  const added = { ...one, id: nextId++ }
  // One confirmation at a time: the newest says where things stand. Errors stay beside it.
  list = [...list.filter(({ kind }) => kind === 'error'), added].slice(-4)
  return added
}
