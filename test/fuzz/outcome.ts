import { appErrorCodes } from '../../main/contract/errors.ts'
import { errorValueOf } from '../../main/trainers/error-value.ts'
import { trainerErrorCodes } from '../../trainer/errors.ts'

/** A reading that ended as none may: its reason. */
export class Fault extends Error {}

const codes: ReadonlySet<string> = new Set(
  [...appErrorCodes, ...trainerErrorCodes].filter((code) => code !== 'internal'),
)
/** A sentence for a person, paths and names included; and what is kept of an error beside it. */
const longestMessage = 4_000
const longestDetails = 20_000

/** Does a part of a reading: what it gives, or the code that it ended with. @throws Fault for any other error */
export async function outcomeOf(work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (thrown) {
    return codeOf(thrown)
  }
}

/** The code of an error. @throws Fault where it has none from the list, or is no sentence that could be shown */
export function codeOf(thrown: unknown): string {
  if (thrown instanceof Fault) throw thrown
  const { code, message, details } = errorValueOf(thrown)
  if (!codes.has(code))
    throw new Fault(
      `error ${code}: ${thrown instanceof Error ? (thrown.stack ?? message) : message}`.slice(0, 3_000),
    )
  if (message.length > longestMessage)
    throw new Fault(`the message of ${code} has ${message.length} characters`)
  if (!message.isWellFormed()) throw new Fault(`the message of ${code} is not well-formed: ${message}`)
  const more = JSON.stringify(details).length
  if (more > longestDetails) throw new Fault(`the details of ${code} have ${more} characters`)
  return code
}
