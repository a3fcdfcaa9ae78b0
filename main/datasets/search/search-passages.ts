import type { FoundPassage } from '../../contract/comparisons.ts'
import type { Reader } from '../../store/connection.ts'
import { anyOf, contentWords } from './full-text-query.ts'

interface FoundRow extends Omit<FoundPassage, 'heading'> {
  readonly heading: string
}

// What a word in the title or a heading counts, against 1 in the text.
const titleWeight = 2
const headingWeight = 2

/**
 * The passages of a project that fit a question best: BM25 (Robertson and Walker 1994, as FTS5 computes it, stems
 * after Porter) over any of the question's telling words.
 *
 * @param limit At most how many; fewer where fewer have any of the words.
 */
export async function searchPassages(
  store: Reader,
  projectId: string,
  { question, limit }: { readonly question: string; readonly limit: number },
): Promise<FoundPassage[]> {
  const query = anyOf(contentWords(question))
  if (query === null) return []
  const rows = await store.all<FoundRow>(
    `SELECT p.id AS passageId, s.name AS sourceName, p.title, p.heading, p.page, p.text,
       -bm25(passage_text, ${titleWeight}, ${headingWeight}, 1.0) AS score
     FROM passage_text CROSS JOIN passage p ON p.id = passage_text.rowid JOIN source s ON s.id = p.source_id
     WHERE passage_text MATCH ? AND p.project_id = ? AND s.ready = 1
     ORDER BY score DESC, p.id LIMIT ?`,
    query,
    projectId,
    limit,
  )
  return rows.map((row) => ({ ...row, heading: JSON.parse(row.heading) as string[] }))
}
