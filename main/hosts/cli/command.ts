import type { Api } from '../../contract/api.ts'
import type { SettingsSource } from '../../contract/types.ts'
import type { Arguments, OptionSpecs } from './arguments.ts'
import type { Output } from './output.ts'

/** What a command works with. */
export interface Session {
  readonly api: Api
  readonly output: Output
  /** The folder that holds `assets/`. */
  readonly root: string
}

/** A row of the table of commands, from which help texts are made. */
export interface CliCommand {
  readonly name: string
  readonly summary: string
  /** Usage lines, without `loracle` and the command's name. */
  readonly usage: readonly string[]
  readonly options: OptionSpecs
  /** True where the help lists every setting. */
  readonly listsSettings?: boolean
  /** Returns the exit code. */
  run(args: Arguments, session: Session): Promise<number>
}

export const jsonOption = {
  json: { value: null, summary: 'Print JSON alone on standard output.' },
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
