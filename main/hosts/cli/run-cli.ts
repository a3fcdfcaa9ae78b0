import { createApp, nearestName } from '../../app.ts'
import { readArguments } from './arguments.ts'
import { commands } from './commands.ts'
import { Failure, failureValue } from './failure.ts'
import { commandHelp, programHelp } from './help.ts'
import type { Installation } from './installation.ts'
import { createOutput } from './output.ts'
import type { Output } from './output.ts'

const asksForHelp = (argument: string): boolean => argument === '--help' || argument === '-h'

async function dispatch(
  argv: readonly string[],
  output: Output,
  installation: Installation,
): Promise<number> {
  const { root, workerPath, version } = installation
  const api = createApp({ workerPath })
  // With --json standard output is for JSON alone, so texts for people go to the other stream.
  const show = (text: string): number => {
    ;(output.json ? process.stderr : process.stdout).write(text)
    return 0
  }

  const words = argv.filter((argument) => argument !== '--json')
  const [name, ...rest] =
    words[0] === 'help' ? [words[1] ?? '--help', '--help'] : argv[0] === '--json' ? words : argv
  if (name === undefined || asksForHelp(name)) return show(programHelp(commands, version))
  if (name === '--version' || name === '-v') {
    output.value({ type: 'version', version })
    output.text(`${version}\n`)
    return 0
  }
  const command = commands.find((one) => one.name === name)
  if (!command) {
    const known = nearestName(
      name,
      commands.map((one) => one.name),
    )
    const hint = known ? ` Did you mean ${known}?` : ''
    throw new Failure('usage', `There is no command ${name}.${hint} See loracle --help.`, { command: name })
  }
  if (rest.some(asksForHelp)) return show(commandHelp(command, api.describeSettings()))
  return command.run(readArguments(command.name, rest, command.options), { api, output, root })
}

/**
 * Runs one command line and sets the process's exit code; errors are printed, never thrown.
 *
 * @param argv what stands after the program's name
 */
export async function runCli(argv: readonly string[], installation: Installation): Promise<void> {
  // The reader of the output has gone (`| head`): there is nobody to tell.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exitCode = 141
    })

  const output = createOutput(argv.includes('--json'))
  try {
    const exitCode = await dispatch(argv, output, installation)
    process.exitCode ??= exitCode
  } catch (thrown) {
    output.error(failureValue(thrown))
    process.exitCode ??= 1
  }
}
