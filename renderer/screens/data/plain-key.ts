const takesKeys =
  'input:not([type="radio"], [type="checkbox"]), textarea, select, [contenteditable], [role="dialog"] *, [role="alertdialog"] *, [role="menu"] *'
const takesArrows = 'input, [role="tab"]'

/** The key of a press that no field, dialog or menu is waiting for, without Ctrl, Alt or Meta; undefined otherwise. */
export function plainKey(event: KeyboardEvent): string | undefined {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return undefined
  if (event.target instanceof Element && event.target.matches(takesKeys)) return undefined
  // Among radio buttons and tabs the arrows go from one to the next.
  if (event.key.startsWith('Arrow') && event.target instanceof Element && event.target.matches(takesArrows))
    return undefined
  // While a dialog is open the page below it takes no keys.
  if (document.querySelector('[role="dialog"][data-state="open"]')) return undefined
  return event.key.length === 1 ? event.key.toLowerCase() : event.key
}
