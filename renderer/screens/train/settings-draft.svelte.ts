import { untrack } from 'svelte'
import { chooseInProject, project } from '../../state/project.svelte.ts'
import { readField, withSetting } from './setting-form.ts'
import type { FieldProblem, SettingInfo, SettingValues } from './setting-form.ts'

/** The settings as the person has them in the form, kept in the project while they are changed. */
export interface SettingsDraft {
  /** Those that differ from the defaults. */
  readonly values: SettingValues
  /** The same, once they were left alone for a moment: what is asked of the host goes by these. */
  readonly settled: SettingValues
  /** Why the text in a field is no value, by the setting's name. */
  readonly problems: Readonly<Record<string, FieldProblem>>
  /** What was typed into a field, as long as it has the focus or is wrong. */
  textOf(name: string): string | undefined
  type(info: SettingInfo, text: string): void
  /** To be called when a field loses the focus: a right text gives way to its value. */
  leave(name: string): void
  set(info: SettingInfo, value: unknown): void
  replace(values: SettingValues): void
}

const settleMs = 350

/** To be called while a component is made; what is not kept yet when it goes is kept then. */
export function createSettingsDraft(): SettingsDraft {
  // The window may be at another project when the last change is kept.
  const projectId = untrack(() => project.id)
  let values = $state.raw<SettingValues>(untrack(() => project.detail?.settings ?? {}))
  let settled = $state.raw<SettingValues>(untrack(() => values))
  let problems = $state.raw<Readonly<Record<string, FieldProblem>>>({})
  let texts = $state.raw<Readonly<Record<string, string>>>({})
  let timer: ReturnType<typeof setTimeout> | undefined

  const settle = (): void => {
    clearTimeout(timer)
    timer = undefined
    settled = values
    void chooseInProject({ settings: values }, projectId)
  }
  const change = (next: SettingValues): void => {
    values = next
    clearTimeout(timer)
    timer = setTimeout(settle, settleMs)
  }
  const forget = (name: string): void => {
    problems = without(problems, name)
    texts = without(texts, name)
  }

  const settlePending = (): void => {
    if (timer !== undefined) settle()
  }

  $effect(() => {
    window.addEventListener('pagehide', settlePending)
    return () => {
      window.removeEventListener('pagehide', settlePending)
      settlePending()
    }
  })

  return {
    get values() {
      return values
    },
    get settled() {
      return settled
    },
    get problems() {
      return problems
    },
    textOf: (name) => texts[name],
    type(info, text) {
      texts = { ...texts, [info.name]: text }
      const reading = readField(info, text)
      if (reading.problem) {
        problems = { ...problems, [info.name]: reading.problem }
      } else {
        problems = without(problems, info.name)
        change(withSetting(values, info, reading.value))
      }
    },
    leave(name) {
      if (!(name in problems)) texts = without(texts, name)
    },
    set(info, value) {
      forget(info.name)
      change(withSetting(values, info, value))
    },
    replace(next) {
      problems = {}
      texts = {}
      values = next
      settle()
    },
  }
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([own]) => own !== name))
}
