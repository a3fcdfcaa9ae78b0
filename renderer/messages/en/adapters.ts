import { plural } from '../format.ts'

/** Adapters that were trained elsewhere. */
export const adapters = {
  add: 'Add an adapter…',
  adding: 'Adding…',
  addTitle: 'Add an adapter from a folder',
  addText:
    'An adapter that PEFT wrote for the model of this project: adapter_config.json and adapter_model.safetensors.',
  added: (name: string, layers: number) =>
    `${name} is among the runs: it changes ${plural(layers, { one: '# layer', other: '# layers' })}`,
  notes: 'Some of what is in it has no effect here.',
} as const
