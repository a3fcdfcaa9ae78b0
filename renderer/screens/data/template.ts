/** A piece of a template: text as it is, or the place of a column. */
export type TemplatePart =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'column'; readonly name: string }

export interface ParsedTemplate {
  readonly parts: readonly TemplatePart[]
  /** A brace that opens or closes nothing; null where all are in pairs. */
  readonly fault: 'open' | 'close' | null
}

/**
 * Takes a template apart: `{name}` is a column or a path into nested values, `{{` and `}}` are braces.
 *
 * ```ts
 * parseTemplate('question: {focus}').parts // text `question: `, column `focus`
 * ```
 */
export function parseTemplate(template: string): ParsedTemplate {
  const parts: TemplatePart[] = []
  let text = ''
  let fault: ParsedTemplate['fault'] = null
  let at = 0
  while (at < template.length) {
    const one = template.charAt(at)
    const isDoubled = (one === '{' || one === '}') && template.charAt(at + 1) === one
    if (isDoubled) {
      text += one
      at += 2
      continue
    }
    const name = one === '{' ? nameIn(template.slice(at + 1)) : ''
    if (name.trim() !== '') {
      if (text !== '') parts.push({ kind: 'text', text })
      text = ''
      parts.push({ kind: 'column', name: name.trim() })
      at += name.length + 2
      continue
    }
    if (one === '{') fault ??= 'open'
    if (one === '}') fault ??= 'close'
    text += one
    at += 1
  }
  if (text !== '') parts.push({ kind: 'text', text })
  return { parts, fault }
}

/** What stands before the brace that closes; nothing where none does, or another opens before. */
function nameIn(rest: string): string {
  const [name = ''] = /^[^{}]*(?=\})/.exec(rest) ?? []
  return name
}

/** The columns and paths that a template names, each once, in its order. */
export function columnsOf(template: string): string[] {
  return [
    ...new Set(parseTemplate(template).parts.flatMap((part) => (part.kind === 'column' ? [part.name] : []))),
  ]
}

/** The names of a template that are no column and lead into none, as `meta.title` leads into `meta`. */
export function unknownColumns(template: string, columns: readonly string[]): string[] {
  const roots = new Set(columns.map(rootOf))
  return columnsOf(template).filter((name) => !columns.includes(name) && !roots.has(rootOf(name)))
}

function rootOf(path: string): string {
  return path.slice(0, endOfRoot(path))
}

function endOfRoot(path: string): number {
  const ends = [path.indexOf('.'), path.indexOf('[')].filter((end) => end > 0)
  return ends.length > 0 ? Math.min(...ends) : path.length
}

/** The text that a template makes of a row; a name that the row lacks stays as it is written. */
export function fillTemplate(template: string, row: ReadonlyMap<string, string>): string {
  return parseTemplate(template)
    .parts.map((part) => (part.kind === 'text' ? part.text : (row.get(part.name) ?? `{${part.name}}`)))
    .join('')
}

/** Whether a column can be named in a template: its own braces would end the name. */
export function canBeNamed(column: string): boolean {
  return column.trim() === column && column !== '' && !/[{}]/.test(column)
}
