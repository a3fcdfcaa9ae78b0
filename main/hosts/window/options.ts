import { parseArgs } from 'node:util'

/** What `npm start` takes; the hosts with a window get the same words. */
export interface StartOptions {
  readonly help: boolean
  readonly web: boolean
  /** 0 takes any free port. */
  readonly port: number
  readonly open: boolean
  readonly home: string | undefined
}

/** A command line that cannot be understood, as a sentence. */
export class UsageError extends Error {}

export const usage = `Usage: npm start -- [options]

Opens Loracle's window: in Electron, or where that is missing in the browser.

  --web         in the browser, over a server that only this machine can reach
  --port N      the server's port (any free one)
  --no-open     print the address and open no browser
  --home DIR    the folder that holds projects, models and runs (or LORACLE_HOME)
  --help        this text
`

/** @throws UsageError */
export function readStartOptions(argv: readonly string[]): StartOptions {
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      web: { type: 'boolean' },
      port: { type: 'string' },
      'no-open': { type: 'boolean' },
      home: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
    strict: false,
    tokens: true,
  })
  let options: StartOptions = { help: false, web: false, port: 0, open: true, home: undefined }
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    const word = token.kind === 'option' ? token.rawName : token.value
    if (token.kind === 'positional') throw unknown(word)
    switch (token.name) {
      case 'help':
      case 'web':
      case 'no-open':
        if (token.value !== undefined)
          throw new UsageError(`${word} takes no value. See npm start -- --help.`)
        options = token.name === 'no-open' ? { ...options, open: false } : { ...options, [token.name]: true }
        break
      case 'port':
        options = { ...options, port: readPort(token.value) }
        break
      case 'home':
        if (!token.value) throw new UsageError('--home wants a folder: --home DIR.')
        options = { ...options, home: token.value }
        break
      default:
        throw unknown(word)
    }
  }
  return options
}

function unknown(word: string): UsageError {
  return new UsageError(`There is no option ${word}. See npm start -- --help.`)
}

function readPort(text: string | undefined): number {
  const port = Number(text)
  if (!text || !/^\d+$/.test(text) || port > 65_535)
    throw new UsageError(`--port wants a number from 0 to 65535, not ${text ? text : 'nothing'}.`)
  return port
}
