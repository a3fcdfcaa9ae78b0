/** A key, or keys, of the screen that is shown, and what they do. */
export interface ScreenShortcut {
  readonly keys: readonly string[]
  readonly text: string
}

let list = $state.raw<readonly ScreenShortcut[]>([])

/** The keys of the screen that is shown, for the list that `?` opens. */
export const screenShortcuts = {
  get list(): readonly ScreenShortcut[] {
    return list
  },
}

/** Lists keys while the component is there; called while it is made. */
export function offerShortcuts(shortcuts: readonly ScreenShortcut[]): void {
  $effect(() => {
    list = shortcuts
    return () => {
      if (list === shortcuts) list = []
    }
  })
}
