import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The folder that holds store and files: `LORACLE_HOME`, or the system's place for a program's data. */
export function defaultHome(): string {
  const named = process.env['LORACLE_HOME']
  return named ? resolve(named) : systemFolder()
}

function systemFolder(): string {
  switch (process.platform) {
    case 'win32':
      return join(process.env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Loracle')
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'Loracle')
    default:
      return join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'loracle')
  }
}
