/** A file that was dropped or chosen, by itself or in a folder. */
export interface DroppedFile {
  /** With its folders, where it lay in one. */
  readonly name: string
  readonly file: File
  /** Where it lies on this machine; empty where the window may not know it, as in a browser. */
  readonly path: string
}
