import { spawn } from 'node:child_process'

/**
 * Opens an address in the person's browser. Where there is no display or nothing to open it with, nothing
 * happens: the address has been printed.
 */
export function openBrowser(address: string): void {
  const command = openerOf(address)
  if (!command) return
  const [program, ...args] = command
  const child = spawn(program, args, { detached: true, stdio: 'ignore' })
  child.on('error', () => undefined)
  child.unref()
}

function openerOf(address: string): readonly [string, ...string[]] | undefined {
  switch (process.platform) {
    case 'darwin':
      return ['open', address]
    case 'win32':
      // `start` would need a shell, to which an address with & is two commands.
      return ['rundll32', 'url.dll,FileProtocolHandler', address]
    default: {
      const hasDisplay = Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
      return hasDisplay ? ['xdg-open', address] : undefined
    }
  }
}
