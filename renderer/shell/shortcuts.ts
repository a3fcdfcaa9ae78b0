import { steps } from '../../main/contract/projects.ts'
import { navigate, router } from '../state/router.svelte.ts'

/** Alt+1 to Alt+6 go to the steps, Alt+0 home, ? opens the help. */
export function handleShortcut(event: KeyboardEvent, actions: { openHelp(): void }): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey) return
  if (event.altKey) {
    // The digit's key, whatever the layout writes with Alt.
    const digit = /^(?:Digit|Numpad)([0-6])$/.exec(event.code)?.[1]
    if (digit === undefined) return
    const { route } = router
    const step = steps[Number(digit) - 1]
    if (digit === '0') navigate({ name: 'home' })
    else if (step && route.name === 'step') navigate({ ...route, step })
    else return
    event.preventDefault()
    return
  }
  if (event.key === '?' && !isTyping(event.target)) {
    event.preventDefault()
    actions.openHelp()
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}
