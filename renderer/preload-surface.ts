/** What the Electron preload offers to the window as `window.loracle`; absent in a browser. */
export interface PreloadSurface {
  readonly platform: string
  send(text: string): void
  onMessage(listener: (text: string) => void): void
  /** The real path of a dropped or chosen file; empty where it has none. */
  pathForFile(file: File): string
  /** Opens the system's dialog. @returns the chosen paths, none where it was closed */
  chooseFiles(): Promise<readonly string[]>
  /** @returns the chosen folder, null where the dialog was closed */
  chooseFolder(): Promise<string | null>
  /** Shows a file or folder in the system's file manager. */
  showItem(path: string): void
}

declare global {
  interface Window {
    readonly loracle?: PreloadSurface
  }
}

/** Undefined where the window is shown in a browser. */
export const preload: PreloadSurface | undefined = window.loracle
