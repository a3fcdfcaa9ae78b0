import { preload } from '../preload-surface.ts'
import { activeRun } from '../state/active-run.svelte.ts'

/**
 * Lets the browser ask before the window is closed or loaded anew while a run is at work. In Electron the main
 * process asks, and a refusal here would keep its window from closing without a word.
 */
export function askBeforeLeaving(event: BeforeUnloadEvent): void {
  if (preload === undefined && activeRun.run) event.preventDefault()
}
