/** A file that was dropped or chosen, by itself or in a folder. */
export interface DroppedFile {
  /** With its folders, where it lay in one. */
  readonly name: string
  readonly file: File
}

/** The files that were dropped, folders read to their end; hidden files of folders are left out. */
export async function droppedFiles(transfer: DataTransfer): Promise<DroppedFile[]> {
  // The list is emptied as soon as this turn ends, so the entries are taken first.
  const taken = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const files: DroppedFile[] = []
  for (const { entry, file } of taken) {
    if (entry && isDirectory(entry)) files.push(...(await filesUnder(entry, entry.name)))
    else if (file) files.push({ name: file.name, file })
  }
  return files
}

/** The files that were chosen in a file input, or in a folder with `webkitdirectory`. */
export function chosenFiles(files: FileList): DroppedFile[] {
  return [...files]
    .map((file) => ({ name: file.webkitRelativePath || file.name, file }))
    .filter(({ name, file }) => file.webkitRelativePath === '' || isShown(name))
}

function isShown(path: string): boolean {
  return !path.split('/').some((part) => part.startsWith('.'))
}

async function filesUnder(entry: FileSystemEntry, path: string): Promise<DroppedFile[]> {
  if (!isShown(path)) return []
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    return [{ name: path, file }]
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
    for (const one of some) files.push(...(await filesUnder(one, `${path}/${one.name}`)))
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}
