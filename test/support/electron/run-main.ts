/** The process of the stand-in: `node run-main.ts MAIN ARGUMENTS…` runs a built main as Electron would. */
import { registerHooks } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { Question } from './questions.ts'

const electron = new URL('./electron.ts', import.meta.url).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: electron, shortCircuit: true } : next(specifier, context),
})

const [, , main = '', ...args] = process.argv
// As with `electron FOLDER …`: the program, what it was told to run, and the rest.
process.argv = [process.execPath, main, ...args]
const { app, BrowserWindow, codeLoaded } = await import('./electron.ts')
const { askProgram } = await import('./questions.ts')
await import(pathToFileURL(main).href)
codeLoaded()

// What a person does to the program itself, line by line.
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'close-window') BrowserWindow.getAllWindows()[0]?.close()
  else if (line === 'quit') app.quit()
  else if (line === 'second-instance') app.emit('second-instance', {}, [], '')
  else {
    const [window] = BrowserWindow.getAllWindows()
    if (window) void askProgram(JSON.parse(line) as Question, window)
  }
})
