import type { SettingInfo } from '../../contract/engine-types.ts'
import type { CliCommand } from './command.ts'
import { columns } from './format.ts'

/** The help of the program: every command with its sentence. */
export function programHelp(commands: readonly CliCommand[], version: string): string {
  return [
    `loracle ${version}: teach a small language model your own documents, on your own machine.`,
    '',
    'Usage: loracle COMMAND [options]',
    '',
    ...indent(columns(commands.map((command) => [command.name, command.summary]))),
    '',
    'loracle COMMAND --help says more about a command, loracle --version prints the version.',
    'Exit codes: 0 done, 1 something is wrong (the reason is on standard error), 130 stopped by Ctrl-C.',
    'Results go to standard output, progress to standard error; with --json, standard output is JSON alone.',
    '',
  ].join('\n')
}

/** The help of one command, from its row in the table. */
export function commandHelp(command: CliCommand, settings: readonly SettingInfo[]): string {
  const options = Object.entries(command.options).map(([name, spec]) => [
    spec.value === null ? `--${name}` : `--${name} ${spec.value}`,
    spec.summary,
  ])
  return [
    command.summary,
    '',
    ...command.usage.map((usage, i) => `${i === 0 ? 'Usage:' : '      '} loracle ${command.name} ${usage}`),
    '',
    ...indent(columns(options)),
    '',
    ...(command.listsSettings ? settingsHelp(settings) : settingsHint(command)),
  ].join('\n')
}

function settingsHelp(settings: readonly SettingInfo[]): string[] {
  const rows = settings.map(({ name, defaultValue, description }) => [
    name,
    JSON.stringify(defaultValue),
    description,
  ])
  return [
    'Settings, for --set and for the file given with --config:',
    '',
    ...indent(columns([['name', 'default', ''], ...rows])),
    '',
  ]
}

function settingsHint(command: CliCommand): string[] {
  return 'set' in command.options
    ? [
        'loracle train --help lists the settings; of use here are maxSourceLength, stride, numBeams, threads.',
        '',
      ]
    : []
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
