import {
  createAnswering,
  createApp,
  createEngine,
  createProviders,
  defaultHome,
  forkTrainer,
  nearestName,
  providersFile,
} from '../../app.ts'
import type { App } from '../../app.ts'
import { readArguments } from './arguments.ts'
import type { Session } from './command.ts'
import { commands } from './commands.ts'
import { Failure, failureValue } from './failure.ts'
import { commandHelp, programHelp } from './help.ts'
import { createOutput } from './output.ts'
import type { Output } from './output.ts'
import { observeTraining } from './training-feed.ts'
import type { TrainingListener } from './training-feed.ts'
import type { Build } from '../window/build.ts'

/** What the command line needs to know of the build that it runs from. */
export type CliBuild = Pick<Build, 'root' | 'workerPath' | 'version'>

const asksForHelp = (argument: string): boolean => argument === '--help' || argument === '-h'

async function dispatch(argv: readonly string[], output: Output, build: CliBuild): Promise<number> {
  const { root, workerPath, version } = build
  const startTrainer = () => forkTrainer(workerPath)
  const providers = createProviders({ startTrainer, file: providersFile(defaultHome()) })
  const engine = createEngine({ startTrainer, providers })
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
  if (rest.some(asksForHelp)) return show(commandHelp(command, engine.describeSettings()))
  const args = readArguments(command.name, rest, command.options, command.words)
  const openApp = async (home: string | null, onTraining?: TrainingListener): Promise<App> => {
    const app = await createApp({
      home: home ?? defaultHome(),
      root,
      version,
      host: 'cli',
      startTrainer: onTraining ? () => observeTraining(startTrainer(), onTraining) : startTrainer,
      // A command that looks at projects must not begin to train what waits in them.
      startsWaitingRuns: false,
    })
    for (const said of [app.rebuilt, app.readOnly?.message])
      if (said != null) process.stderr.write(`${said}\n`)
    return app
  }
  const openAnswering: Session['openAnswering'] = (options) => createAnswering({ startTrainer, ...options })
  return command.run(args, { engine, output, root, version, openAnswering, openApp })
}

/**
 * Runs one command line and sets the process's exit code; errors are printed, never thrown.
 *
 * @param argv what stands after the program's name
 */
export async function runCli(argv: readonly string[], build: CliBuild): Promise<void> {
  // The reader of the output has gone (`| head`): there is nobody to tell.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exitCode = 141
    })

  const output = createOutput(argv.includes('--json'))
  try {
    const exitCode = await dispatch(argv, output, build)
    process.exitCode ??= exitCode
  } catch (thrown) {
    const error = failureValue(thrown)
    output.error(error)
    process.exitCode ??= error.code === 'cancelled' ? 130 : 1
  }
}
