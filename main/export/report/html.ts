/** A piece of HTML that is safe to stand in a page: what came from outside is escaped in it. */
export interface Html {
  readonly html: string
}

export type Part = string | number | Html | readonly Html[] | null

/** Joins HTML written here with values from outside, which are escaped. @example html`<p>${run.name}</p>` */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return {
    html: strings.map((text, i) => text + (i < parts.length ? textOf(parts[i] ?? null) : '')).join(''),
  }
}

/** HTML that is known to be safe, a style sheet for instance. */
export function raw(text: string): Html {
  return { html: text }
}

function textOf(part: Part): string {
  if (part === null) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  return 'html' in part ? part.html : part.map((one) => one.html).join('')
}

/** Fit for text and for attributes in double quotes; characters that no page may hold are replaced. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;')
    .replace(forbidden, '\ufffd')
}

/** Control characters, and the ones that turn the direction of the text after them. */
const forbidden = new RegExp(
  '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]',
  'g',
)
