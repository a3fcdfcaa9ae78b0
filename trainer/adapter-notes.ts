import type { TrainerContext } from './context.ts'
import type { Adapter } from './lora/peft-adapter.ts'

/** Tells what in an adapter that was read has no effect. */
export function reportNotes({ report }: Pick<TrainerContext, 'report'>, adapter: Adapter | null): void {
  if (adapter && adapter.notes.length > 0) report({ type: 'notes', notes: adapter.notes })
}
