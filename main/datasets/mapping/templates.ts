/** A part of a template: a text as it stands, or a column or path whose text is put in. */
export type TemplatePart = { readonly text: string } | { readonly source: string }

/** Why a text is no template, with the place, counted from 1. */
export interface TemplateFault {
  readonly fault: string
  readonly position: number
}

/**
 * Reads a template: columns and paths in braces, `{{` and `}}` for braces themselves.
 *
 * @example parseTemplate('question: {focus}: {qtype}')
 */
export function parseTemplate(template: string): readonly TemplatePart[] | TemplateFault {
  const parts: TemplatePart[] = []
  let text = ''
  let at = 0
  while (at < template.length) {
    const mark = template.charAt(at)
    const isDouble = template[at + 1] === mark
    if ((mark === '{' || mark === '}') && isDouble) {
      text += mark
      at += 2
    } else if (mark === '}') {
      return { fault: 'a closing brace has no opening one; write }} for a brace itself', position: at + 1 }
    } else if (mark === '{') {
      const end = template.indexOf('}', at)
      if (end === -1)
        return { fault: 'the brace is not closed; write {{ for a brace itself', position: at + 1 }
      const source = template.slice(at + 1, end).trim()
      if (source === '')
        return {
          fault: 'a column is missing between the braces; write {{}} for braces themselves',
          position: at + 1,
        }
      if (source.includes('{'))
        return { fault: 'the brace is not closed before the next one opens', position: at + 1 }
      if (text !== '') parts.push({ text })
      text = ''
      parts.push({ source })
      at = end + 1
    } else {
      const next = template.slice(at).search(/[{}]/)
      const end = next === -1 ? template.length : at + next
      text += template.slice(at, end)
      at = end
    }
  }
  if (text !== '') parts.push({ text })
  return parts
}

export function isFault(parsed: object): parsed is TemplateFault {
  return 'fault' in parsed
}
