import { ask, evaluate, predict } from './answering.ts'
import type { CliCommand } from './command.ts'
import { doctor } from './doctor.ts'
import { quickstart } from './quickstart.ts'
import { score } from './score.ts'
import { train } from './train.ts'

/** Every command, in the order in which help shows them. */
export const commands: readonly CliCommand[] = [quickstart, train, evaluate, predict, score, ask, doctor]
