/** Folders and files that belong to programs, by name. */
// A map: an object would know `constructor` too.
const ofPrograms: ReadonlyMap<string, string> = new Map(
  Object.entries({
    __macosx: 'It holds what macOS notes about files.',
    node_modules: 'It holds packages that a program uses.',
    __pycache__: 'It holds what Python made for itself.',
    'thumbs.db': 'It holds small pictures that Windows made.',
    'desktop.ini': 'It holds settings of Windows.',
  }),
)

/** Why a file or folder of this name is passed over without a look; null where it is not. */
export function passedOver(name: string): string | null {
  const reason = ofPrograms.get(name.toLowerCase())
  if (reason !== undefined) return `${reason} Take it by itself if it is wanted.`
  return name.startsWith('.') ? 'It is hidden (its name begins with a dot).' : null
}
