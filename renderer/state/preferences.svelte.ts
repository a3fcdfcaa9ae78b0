import type { Preferences } from '../../main/contract/projects.ts'
import { host } from '../connect.ts'
import { onChange } from './changes.ts'
import { showError } from './toasts.svelte.ts'

const keptTheme = 'loracle-theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

let preferences = $state.raw<Preferences>({ theme: rememberedTheme(), advanced: false })
let systemIsDark = $state(dark.matches)

dark.addEventListener('change', () => {
  systemIsDark = dark.matches
  applyTheme()
})
applyTheme()

/** What the person chose for the window, reactive. */
export const preferencesState = {
  get theme(): Preferences['theme'] {
    return preferences.theme
  },
  get advanced(): boolean {
    return preferences.advanced
  },
  /** The theme that is shown, `system` resolved; charts read their colours anew when it changes. */
  get shownTheme(): 'light' | 'dark' {
    return resolved(preferences.theme, systemIsDark)
  },
}

/** Shows the change at once and keeps it. */
export function setPreferences(change: Partial<Preferences>): void {
  accept({ ...preferences, ...change })
  host.call('preferences.set', change).then(accept, showError)
}

function load(): void {
  host.call('preferences.get', {}).then(accept, () => undefined)
}

load()
onChange((change) => {
  if (change === 'reconnected') load()
})

function accept(next: Preferences): void {
  preferences = next
  applyTheme()
  try {
    localStorage.setItem(keptTheme, next.theme)
  } catch {
    // The store keeps it; this copy only spares the window a flash of the other theme.
  }
}

function applyTheme(): void {
  document.documentElement.dataset['theme'] = resolved(preferences.theme, dark.matches)
}

function resolved(theme: Preferences['theme'], systemDark: boolean): 'light' | 'dark' {
  if (theme === 'system') return systemDark ? 'dark' : 'light'
  return theme
}

function rememberedTheme(): Preferences['theme'] {
  try {
    const kept = localStorage.getItem(keptTheme)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system'
  }
}
