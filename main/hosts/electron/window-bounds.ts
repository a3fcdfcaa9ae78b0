import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { screen } from 'electron'
import type { BrowserWindow, Rectangle } from 'electron'

export interface WindowBounds {
  readonly width: number
  readonly height: number
  readonly x?: number
  readonly y?: number
  readonly maximized: boolean
}

const usual: WindowBounds = { width: 1280, height: 800, maximized: false }
export const minimum = { width: 800, height: 560 }

/** Where the window was last, if that place can still be seen; else the usual size in the middle. */
export function readWindowBounds(path: string): WindowBounds {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<keyof WindowBounds, unknown>>
    const [x, y, width, height] = [kept.x, kept.y, kept.width, kept.height].map(Number)
    const bounds = rectangle(x, y, width, height)
    if (!bounds || !isVisible(bounds)) return usual
    return { ...bounds, maximized: kept.maximized === true }
  } catch {
    // None was kept, or another program wrote there.
    return usual
  }
}

export function keepWindowBounds(path: string, window: BrowserWindow): void {
  const kept: WindowBounds = { ...window.getNormalBounds(), maximized: window.isMaximized() }
  try {
    writeFileSync(`${path}.part`, JSON.stringify(kept))
    renameSync(`${path}.part`, path)
  } catch {
    // A folder that cannot be written to must not keep the window from closing.
  }
}

function rectangle(x = NaN, y = NaN, width = 0, height = 0): Rectangle | undefined {
  const isWhole = [x, y, width, height].every(Number.isInteger)
  return isWhole && width >= minimum.width && height >= minimum.height ? { x, y, width, height } : undefined
}

/** Whether the bar by which a window is moved lies on a screen that is there. */
function isVisible(bounds: Rectangle): boolean {
  const { x, y, width, height } = screen.getDisplayMatching(bounds).workArea
  return (
    bounds.x + bounds.width > x + 100 &&
    bounds.x < x + width - 100 &&
    bounds.y >= y - 10 &&
    bounds.y < y + height - 50
  )
}
