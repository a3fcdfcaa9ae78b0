/** What each method accepts, checked where a call comes in; nothing beyond it passes. */
import { z } from 'zod'
import { exportKinds, verdicts } from './comparisons.ts'
import { datasetFormats } from './datasets.ts'
import { measures } from './examples.ts'
import { splitNames } from './splits.ts'
import { forms, roles } from './imports.ts'
import { draftStates } from './drafts.ts'
import { searchStrategies } from './searches.ts'
import { taskKinds } from './tasks.ts'
import type { Args, MethodName } from './methods.ts'

const id = z.string().min(1).max(100)
const rowId = z.int().nonnegative()
const offset = z.int().nonnegative()
const limit = z.int().min(1).max(500)
const points = z.int().min(2).max(20_000)
const name = z.string().max(200)
/** Paths longer than this, or with a NUL, exist on no system that we run on. */
const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((given) => !given.includes('\0'), 'a path holds no NUL character')
const text = z.string().max(1_000_000)
const question = z.string().max(10_000)
const search = z.string().max(500).nullable()
const settings = z.record(z.string().max(100), z.unknown())
const fraction = z.number().min(0).max(0.5)
const none = z.strictObject({})

const file = z.union([z.strictObject({ path }), z.strictObject({ upload: id })])
const columnPath = z.string().max(1000)
const roleSource = z.union([
  columnPath,
  z.strictObject({ template: z.string().max(10_000) }),
  z.strictObject({ constant: z.string().max(10_000) }),
])
const mapping = z.strictObject({
  form: z.enum(forms),
  roles: z.partialRecord(z.enum(roles), roleSource),
})
const table = z.string().max(1000).nullable()
const columns = z.array(columnPath).max(1000)
const chunking = z.strictObject({ tokens: z.int().min(32).max(4096), overlap: z.int().min(0).max(1024) })
const splitSize = z.union([z.strictObject({ fraction }), z.strictObject({ count: z.int().nonnegative() })])
const url = z.string().min(1).max(4096)
const use = z.enum(['auto', ...splitNames])
const project = z.strictObject({ projectId: id })
const run = z.strictObject({ runId: id })
const ofSearch = z.strictObject({ searchId: id })
const searchRequest = z.strictObject({
  projectId: id,
  modelId: id,
  settings,
  space: z
    .array(
      z.union([
        z.strictObject({ name: id, values: z.array(z.unknown()).max(100) }),
        z.strictObject({
          name: id,
          from: z.number(),
          to: z.number(),
          scale: z.enum(['linear', 'log']),
          points: z.int().min(1).max(100).exactOptional(),
        }),
      ]),
    )
    .max(20),
  strategy: z.enum(searchStrategies),
  trials: z.int().min(1).max(1000).nullable(),
  seed: z.int().nonnegative(),
  pruning: z.boolean(),
  trialEpochs: z.number().positive().nullable(),
  keepScale: z.boolean(),
})
const readiness = z.strictObject({ projectId: id, modelId: id.nullable(), settings })

type Checks = { readonly [M in MethodName]: z.ZodType<Args<M>> }

export const argumentChecks = {
  'app.info': none,
  'app.watch': none,
  'app.dismissNotice': z.strictObject({ id }),
  'preferences.get': none,
  'preferences.set': z.strictObject({
    theme: z.enum(['system', 'light', 'dark']).exactOptional(),
    advanced: z.boolean().exactOptional(),
  }),
  'files.list': z.strictObject({ path: path.nullable() }),

  'projects.list': none,
  'projects.get': project,
  'projects.create': z.strictObject({ name }),
  'projects.createSample': none,
  'projects.rename': project.extend({ name }),
  'projects.delete': project.extend({ force: z.boolean() }),
  'projects.choose': project.extend({
    modelId: id.nullable().exactOptional(),
    settings: settings.exactOptional(),
  }),

  'data.expand': z.strictObject({ file }),
  'data.readWeb': z.strictObject({
    url,
    scope: z.enum(['page', 'site']),
    maxPages: z.int().min(1).max(1000),
  }),
  'data.inspect': z.strictObject({ file, table: table.exactOptional() }),
  'data.preview': z.strictObject({ file, table: table.exactOptional(), mapping: mapping.nullable() }),
  'data.mappings': z.strictObject({ columns: columns.nullable() }),
  'data.saveMapping': z.strictObject({ name, columns, mapping }),
  'data.removeMapping': z.strictObject({ mappingId: id }),
  'data.import': z.strictObject({
    projectId: id,
    file,
    name: name.nullable(),
    table: table.exactOptional(),
    mapping: mapping.nullable(),
    chunking: chunking.nullable().exactOptional(),
    use,
  }),
  'data.setUse': project.extend({ sourceId: id, use }),
  'data.setWeight': project.extend({ sourceId: id, weight: z.number().min(0.01).max(100) }),
  'data.sources': project,
  'data.removeSource': project.extend({ sourceId: id }),
  'data.summary': project,
  'data.examples': z.strictObject({
    projectId: id,
    offset,
    limit,
    search,
    split: z.enum(splitNames).nullable(),
    sourceId: id.nullable(),
    range: z.strictObject({ measure: z.enum(measures), from: z.number(), to: z.number() }).nullable(),
  }),
  'data.updateExample': project.extend({ id: rowId, question, answers: z.array(text).max(100) }),
  'data.removeExample': project.extend({ id: rowId }),
  'data.problems': project,
  'data.problemRows': project.extend({
    kind: id,
    offset,
    limit,
    show: z.enum(['open', 'mended']).nullable().exactOptional(),
  }),
  'data.mend': project.extend({
    kind: id.nullable(),
    ids: z.array(rowId).max(100_000).nullable(),
    undo: z.boolean(),
  }),
  'data.check': project,
  'data.passages': project.extend({ offset, limit, search, sourceId: id.nullable() }),
  'data.mark': project.extend({ passageId: rowId, question, start: offset, end: offset }),
  'data.splits': project,
  'data.setSplits': project.extend({
    seed: z.int().nonnegative(),
    validation: splitSize,
    test: splitSize,
  }),
  'data.export': project.extend({
    format: z.enum(datasetFormats),
    split: z.enum(splitNames).nullable(),
    folder: path.nullable(),
  }),
  'data.draft': project.extend({
    modelId: id,
    runId: id.nullable(),
    sourceId: id.nullable(),
    most: z.int().min(1).max(10_000),
  }),
  'data.drafts': project.extend({ state: z.enum(draftStates), offset, limit }),
  'data.reviewDraft': project.extend({
    id: rowId,
    verdict: z.enum(['keep', 'drop', 'back']),
    question: question.nullable(),
    span: z.strictObject({ start: offset, end: offset }).nullable(),
  }),
  'data.reviewAllDrafts': project.extend({ verdict: z.enum(['keep', 'drop']) }),

  'models.list': none,
  'models.addFolder': z.strictObject({ folder: path }),
  'models.remove': z.strictObject({ modelId: id }),
  'models.catalogue': none,
  'models.download': z.strictObject({ catalogueId: id }),
  'models.pauseDownload': z.strictObject({ catalogueId: id }),
  'models.discardDownload': z.strictObject({ catalogueId: id }),
  'models.watchDownloads': none,
  'machine.info': none,
  'machine.check': none,

  'runs.form': project,
  'runs.readiness': readiness,
  'runs.estimate': readiness,
  'runs.start': project.extend({ modelId: id, name: name.nullable(), settings }),
  'runs.list': z.strictObject({ projectId: id.nullable() }),
  'adapters.inspect': z.strictObject({ modelId: id, folder: path }),
  'adapters.import': project.extend({ modelId: id, folder: path, name: name.nullable() }),
  'runs.get': run,
  'runs.series': run.extend({ maxPoints: points }),
  'runs.watch': run.extend({ maxPoints: points }),
  'runs.pause': run,
  'runs.resume': run,
  'runs.stopAndKeep': run,
  'runs.discard': run,
  'runs.rename': run.extend({ name }),

  'search.form': project.extend({ settings }),
  'search.plan': searchRequest,
  'search.start': searchRequest,
  'search.list': z.strictObject({ projectId: id.nullable() }),
  'search.get': ofSearch,
  'search.stop': ofSearch,
  'search.resume': ofSearch,
  'search.choose': ofSearch.extend({ number: z.int().positive() }),
  'search.discard': ofSearch,

  'compare.summary': run,
  'compare.questions': run.extend({
    offset,
    limit,
    verdict: z.enum(verdicts).nullable(),
    search,
    set: name.nullable(),
    task: z.enum(taskKinds).nullable().exactOptional(),
  }),
  'compare.question': run.extend({ id: z.string().max(10_000) }),
  'compare.ask': z.strictObject({
    projectId: id,
    runId: id.nullable(),
    question,
    context: text,
    form: z.enum(['qa', 'task']).exactOptional(),
  }),

  'chat.list': project,
  'chat.create': project,
  'chat.get': z.strictObject({ chatId: id }),
  'chat.delete': z.strictObject({ chatId: id }),
  'chat.ask': z.strictObject({ chatId: id, question, runId: id.nullable() }),

  'exports.list': project,
  'exports.create': run.extend({ kind: z.enum(exportKinds), folder: path.nullable() }),
  'exports.remove': z.strictObject({ exportId: id }),
} satisfies Checks
