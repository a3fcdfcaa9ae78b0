import { readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ImportRequest } from './contract/imports.ts'
import type { CallContext, Handlers } from './contract/methods.ts'
import type { Datasets } from './datasets/service.ts'
import type { Projects } from './projects/service.ts'

export interface SampleDeps {
  readonly projects: Projects
  readonly datasets: Datasets
  /** The folder that holds `assets/`. */
  readonly root: string
  /** The starter in the list of models; null where it is not there. */
  starterId(): Promise<string | null>
}

const projectName = 'Sample: digital identity guidelines'

const questionFiles = [
  { file: 'train.json', name: 'Training questions', use: 'train' },
  { file: 'held-out-wordings.json', name: 'held-out-wordings', use: 'test' },
  { file: 'held-out-sections.json', name: 'held-out-sections', use: 'test' },
] as const

/** About the documents, not of them. */
const asideFiles = ['LICENSE.md', 'SOURCE.md']

/**
 * The project that comes with the app: documents, questions about them, two held-out sets, settings and the starter
 * model. The one that is there is given back as it is; one whose making was interrupted is made whole.
 */
export function createSampleProject(deps: SampleDeps): Handlers<'projects.createSample'> {
  let making: Promise<string> | null = null
  return {
    'projects.createSample': async (_none, context) => {
      // Two calls at once make one project; it is made whole even if the first caller goes.
      making ??= makeSample(deps).finally(() => {
        making = null
      })
      const projectId = await making
      return deps.projects['projects.get']({ projectId }, context)
    },
  }
}

async function makeSample({ projects, datasets, root, starterId }: SampleDeps): Promise<string> {
  const { projectId, isWhole } = await projects.findOrCreateSample(projectName)
  if (isWhole) return projectId
  const folder = join(root, 'assets', 'sample')
  const context: CallContext<never> = { emit: () => undefined, signal: new AbortController().signal }
  const sources = await datasets['data.sources']({ projectId }, context)
  const known = new Set(sources.map(({ name }) => name))
  for (const { path, name, use } of await sampleFiles(folder)) {
    if (known.has(name)) continue
    await datasets['data.import']({ projectId, file: { path }, name, mapping: null, use }, context)
  }
  const settings = JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8')) as Record<
    string,
    unknown
  >
  const modelId = await starterId()
  await projects['projects.choose']({ projectId, modelId, settings }, context)
  await projects.finishSample(projectId)
  return projectId
}

interface SampleFile {
  readonly path: string
  readonly name: string
  readonly use: ImportRequest['use']
}

async function sampleFiles(folder: string): Promise<SampleFile[]> {
  const questions = questionFiles.map(({ file, name, use }) => ({ path: join(folder, file), name, use }))
  const documents = join(folder, 'documents')
  const paths = (await readdir(documents, { recursive: true }))
    .filter((path) => path.endsWith('.md') && !asideFiles.includes(basename(path)))
    .sort()
  return [
    ...questions,
    ...paths.map((path) => ({
      path: join(documents, path),
      name: path.replaceAll('\\', '/'),
      use: 'auto' as const,
    })),
  ]
}
