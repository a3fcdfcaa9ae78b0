import type { Store } from '../../store/open.ts'

/** Makes the full-text index behind imports, so that these need not wait for it. */
export interface TextIndex {
  /** Goes on with the index in the background until every passage is in it. */
  catchUp(): void
  /** Waits until every passage is in the index, though not for long: a search then finds what is in it. */
  settled(): Promise<void>
  /** Ends after the step at hand; the next start goes on from there. */
  dispose(): Promise<void>
}

/** Characters that one transaction indexes: about a tenth of a second. */
const stepCharacters = 1_000_000
const stepPassages = 500
const longestWait = 10_000

export function createTextIndex(store: Store): TextIndex {
  let work: Promise<void> | null = null
  let isWanted = false
  let isDisposed = false

  const run = async (): Promise<void> => {
    while (isWanted && !isDisposed) {
      isWanted = false
      while (!isDisposed && (await indexSome(store)));
    }
  }
  const catchUp = (): void => {
    isWanted = true
    work ??= run()
      // A full disk, or a store that is being closed: the next import or start goes on.
      .catch(() => undefined)
      .finally(() => {
        work = null
      })
  }
  return {
    catchUp,
    settled: async () => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, longestWait)
      })
      await Promise.race([work ?? Promise.resolve(), late])
      clearTimeout(timer)
    },
    dispose: async () => {
      isDisposed = true
      await work
    },
  }
}

/** Indexes the next passages. @returns false where there are none */
async function indexSome(store: Store): Promise<boolean> {
  return store.transaction(async (writer) => {
    const next = await writer.all<{ id: number; length: number }>(
      `SELECT id, length(text) AS length FROM passage
       WHERE id > (SELECT upto FROM text_index) ORDER BY id LIMIT ${stepPassages}`,
    )
    let characters = 0
    const last = next.find(({ length }) => (characters += length) >= stepCharacters) ?? next.at(-1)
    if (!last) return false
    await writer.run(
      `INSERT INTO passage_text (rowid, title, heading, text)
       SELECT id, title, heading, text FROM passage
       WHERE id > (SELECT upto FROM text_index) AND id <= ? AND searchable = 1`,
      last.id,
    )
    await writer.run('UPDATE text_index SET upto = ?', last.id)
    return true
  })
}
