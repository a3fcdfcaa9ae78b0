import type { DroppedFile } from './dropped-file.ts'
import { preload } from './preload-surface.ts'

export type { DroppedFile } from './dropped-file.ts'

/** The files that were dropped, folders read to their end; hidden files of folders are left out. */
export async function droppedFiles(transfer: DataTransfer): Promise<DroppedFile[]> {
  // The list is emptied as soon as this turn ends, so the entries are taken first.
  const taken = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const files: DroppedFile[] = []
  for (const { entry, file } of taken) {
    // The files of a dropped folder come without paths of their own, but the folder has one.
    if (entry && isDirectory(entry))
      files.push(...(await filesUnder(entry, entry.name, file ? pathOf(file) : '')))
    else if (file) files.push({ name: file.name, file, path: pathOf(file) })
  }
  return files
}

/** The files that were chosen in a file input, or in a folder with `webkitdirectory`. */
export function chosenFiles(files: FileList): DroppedFile[] {
  return [...files]
    .map((file) => ({ name: file.webkitRelativePath || file.name, file, path: pathOf(file) }))
    .filter(({ name, file }) => file.webkitRelativePath === '' || isShown(name))
}

/** The files that were copied in a file manager, or a picture of the clipboard, under the name that it gives. */
export function pastedFiles(clipboard: DataTransfer): DroppedFile[] {
  return [...clipboard.files].map((file) => ({ name: file.name, file, path: pathOf(file) }))
}

function pathOf(file: File): string {
  return preload?.pathForFile(file) ?? ''
}

function isShown(path: string): boolean {
  return !path.split('/').some((part) => part.startsWith('.'))
}

/** @param path of the entry itself; empty where it is not known */
async function filesUnder(entry: FileSystemEntry, name: string, path: string): Promise<DroppedFile[]> {
  if (!isShown(name)) return []
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    return [{ name, file, path: path === '' ? pathOf(file) : path }]
  }
  if (!isDirectory(entry)) return []
  const reader = entry.createReader()
  const files: DroppedFile[] = []
  for (;;) {
    // A reader gives at most a hundred entries at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return files
    for (const one of some)
      files.push(...(await filesUnder(one, `${name}/${one.name}`, path === '' ? '' : `${path}/${one.name}`)))
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}
