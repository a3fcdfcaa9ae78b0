/** True where a path lies below a folder, by its text; either kind of slash parts names. */
export function isWithin(path: string, folder: string): boolean {
  const parts = (text: string): string[] => text.split(/[\\/]+/).filter((part) => part !== '')
  const above = parts(folder)
  const below = parts(path)
  return (
    above.length > 0 && below.length > above.length && above.every((part, index) => part === below[index])
  )
}
