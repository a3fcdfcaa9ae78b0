import type { NamedTensor } from '../checkpoint/safetensors.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import type { Trained } from '../lora/trained.ts'

/** What a run trained as an adapter to answer with; null where it trained the model itself. */
export function trainedAdapter(
  { method, targets, whole }: Trained,
  parameters: ReadonlyMap<string, NamedTensor>,
): Adapter | null {
  return method === 'full' ? null : { targets, parameters, savedModules: whole, notes: [] }
}
