import type { Answering, AnsweringOptions, App } from '../../app.ts'
import type { Engine } from '../../contract/engine.ts'
import type { SettingsSource } from '../../contract/engine-types.ts'
import type { Arguments, OptionSpecs } from './arguments.ts'
import type { Output } from './output.ts'
import type { TrainingListener } from './training-feed.ts'

/** What a command works with. */
export interface Session {
  readonly engine: Engine
  readonly output: Output
  /** The folder that holds `assets/`. */
  readonly root: string
  /** Loracle's own. */
  readonly version: string
  /** Opens an answering process of one's own; whoever opens it disposes of it. */
  openAnswering(options: Omit<AnsweringOptions, 'startTrainer'>): Answering
  /** Opens the store of a home folder, the usual one where null; whoever opens it closes it. */
  openApp(home: string | null, onTraining?: TrainingListener): Promise<App>
}

/** A row of the table of commands, from which help texts are made. */
export interface CliCommand {
  readonly name: string
  readonly summary: string
  /** Usage lines, without `loracle` and the command's name. */
  readonly usage: readonly string[]
  readonly options: OptionSpecs
  /** How many words without an option it takes; none where absent. */
  readonly words?: number
  /** True where the help lists every setting. */
  readonly listsSettings?: boolean
  /** Returns the exit code. */
  run(args: Arguments, session: Session): Promise<number>
}

export const jsonOption = {
  json: { value: null, summary: 'Print JSON alone on standard output.' },
} satisfies OptionSpecs

export const homeOption = {
  home: {
    value: 'DIR',
    summary: 'The folder that holds projects, runs and models; LORACLE_HOME, or the usual one, without it.',
  },
} satisfies OptionSpecs

export const projectOptions = {
  project: {
    value: 'NAME',
    summary: 'A project of the window, by its name: its data, its model, its newest finished run.',
  },
  ...homeOption,
} satisfies OptionSpecs

export const modelOptions = {
  model: { value: 'DIR', summary: 'A model folder as Hugging Face publishes it.' },
  adapter: { value: 'DIR', summary: 'An adapter folder (PEFT layout); without it the base model answers.' },
} satisfies OptionSpecs

export const settingsOptions = {
  config: { value: 'FILE.json', summary: "Settings by name, or a run folder's settings.json." },
  set: {
    value: 'key=value',
    summary: 'One setting; may be given several times, wins over --config.',
    multiple: true,
  },
} satisfies OptionSpecs

export function settingsSource(args: Arguments): SettingsSource {
  return { file: args.get('config'), values: {}, assignments: args.all('set') }
}
