import type { TrainerContext } from '../context.ts'
import type { Dataset } from '../data/example.ts'
import { readDataset } from '../data/read-dataset.ts'
import type { DataReport } from '../protocol.ts'

/** Problems that travel in a report; the whole list goes into the run folder. */
const shownProblems = 20

/** Reads a dataset and reports what was found in it. @throws TrainerError as `readDataset` does. */
export async function readExamples(name: string, path: string, context: TrainerContext): Promise<Dataset> {
  const dataset = await readDataset(path)
  context.report(dataReport(name, path, dataset))
  return dataset
}

function dataReport(name: string, path: string, { records, examples, problems }: Dataset): DataReport {
  return {
    type: 'data',
    name,
    path,
    records,
    examples: examples.length,
    dropped: problems.filter(({ outcome }) => outcome === 'dropped').length,
    mended: problems.filter(({ outcome }) => outcome === 'mended').length,
    problems: problems.slice(0, shownProblems),
  }
}
