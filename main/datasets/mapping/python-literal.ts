const token =
  /\s*(?:('[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*")|(-?\d+(?:\.\d+)?)|(None|True|False)|(array\()|((?:,\s*dtype=[\w.']+\s*)?\))|([[\]{},:]))/y

const constants: Readonly<Record<string, string>> = { None: 'null', True: 'true', False: 'false' }
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' }

/**
 * Reads a list or dictionary as Python prints it, with NumPy's arrays: the form in which pandas writes such cells
 * to CSV. Undefined where the text is none; nothing is evaluated.
 *
 * @example pythonLiteral(`{'text': array(['red'], dtype=object), 'answer_start': array([31])}`)
 */
export function pythonLiteral(text: string): unknown {
  const parts: string[] = []
  let at = 0
  const end = text.trimEnd().length
  while (at < end) {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found) return undefined
    const [, string, number, constant, , , mark] = found
    if (string !== undefined) parts.push(JSON.stringify(unescaped(string.slice(1, -1))))
    else parts.push(number ?? constants[constant ?? ''] ?? mark ?? '')
    at = token.lastIndex
  }
  try {
    return JSON.parse(parts.join('')) as unknown
  } catch {
    return undefined
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|([\s\S]))/g, (_, two, four, one) => {
    if (one !== undefined) return escapes[String(one)] ?? String(one)
    return String.fromCharCode(parseInt(String(two ?? four), 16))
  })
}
