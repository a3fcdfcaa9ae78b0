/** The longest name in bytes; file systems end at 255, and temporary names are longer than the names. */
const maxNameBytes = 180
const maxDepth = 16

/** A file name that every system takes, made from what a browser said; never empty, never a path. */
export function safeFileName(given: string): string {
  const last = given.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = last
    // Control and format characters, and what Windows does not take.
    .replace(/[\p{Cc}\p{Cf}<>:"|?*]/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  const free = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])\s*(\.|$)/i.test(plain) ? `_${plain}` : plain
  return shortened(free) || 'file'
}

/** The parts of a dropped file's path in its folder, each a safe name; undefined where it is no such path. */
export function safeRelativePath(given: string): readonly string[] | undefined {
  const parts = given.split(/[/\\]/).filter((part) => part !== '')
  if (parts.length === 0 || parts.length > maxDepth) return undefined
  return parts.some((part) => /^\.+$/.test(part.trim())) ? undefined : parts.map(safeFileName)
}

/** Cuts the middle out of a name that is too long, so that its ending stays. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= maxNameBytes) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && Buffer.byteLength(name.slice(dot)) <= 20 ? name.slice(dot) : ''
  let stem = name.slice(0, Math.min(maxNameBytes, dot > 0 ? dot : name.length)).toWellFormed()
  while (Buffer.byteLength(stem) > maxNameBytes - 20) stem = [...stem].slice(0, -1).join('')
  return stem + ending
}
