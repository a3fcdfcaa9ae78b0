import { adapter } from './adapters.ts'
import { ask, evaluate, predict } from './answering.ts'
import type { CliCommand } from './command.ts'
import { doctor } from './doctor.ts'
import { exportModel } from './exporting.ts'
import { exportData } from './exporting-data.ts'
import { importData } from './importing.ts'
import { inspectData } from './inspecting.ts'
import { project } from './project.ts'
import { quickstart } from './quickstart.ts'
import { score } from './score.ts'
import { search } from './searching.ts'
import { serve } from './serving.ts'
import { train } from './train.ts'

/** Every command, in the order in which help shows them. */
export const commands: readonly CliCommand[] = [
  quickstart,
  project,
  inspectData,
  importData,
  exportData,
  train,
  search,
  evaluate,
  predict,
  score,
  ask,
  serve,
  adapter,
  exportModel,
  doctor,
]
