/**
 * What a window or command line can ask of the app: each method's arguments, what it streams while it works, and
 * its result. All plain data. A call can be cancelled; it then ends with the code `cancelled`.
 */
import type {
  AnswerEvent,
  AskRequest,
  AskResult,
  Chat,
  ChatMessage,
  ChatSummary,
  CompareDetail,
  CompareQuery,
  CompareRow,
  CompareSummary,
  ExportInfo,
  ExportKind,
} from './comparisons.ts'
import type {
  DatasetFormat,
  DataSummary,
  Page,
  Passage,
  ProblemGroup,
  ProblemRow,
  Source,
  WrittenDataset,
} from './datasets.ts'
import type { ExampleQuery, ExampleRow } from './examples.ts'
import type { SplitName, Splits, SplitSize } from './splits.ts'
import type {
  Expansion,
  FileRef,
  ImportProgress,
  ImportRequest,
  Inspection,
  MappedPreview,
  Mapping,
  SavedMapping,
  WebProgress,
  WebReading,
  WebRequest,
} from './imports.ts'
import type {
  Draft,
  DraftCounts,
  DraftProgress,
  DraftRequest,
  DraftResult,
  DraftState,
  DraftVerdict,
} from './drafts.ts'
import type { CatalogueEntry, DownloadState, MachineInfo, ModelInfo } from './models.ts'
import type {
  AppInfo,
  Change,
  FolderListing,
  Preferences,
  ProjectDetail,
  ProjectSummary,
} from './projects.ts'
import type {
  AdapterInfo,
  Estimate,
  Readiness,
  ReadinessRequest,
  RunDetail,
  RunInfo,
  RunSeries,
  RunUpdate,
  SettingsForm,
} from './runs.ts'
import type { SearchDetail, SearchForm, SearchInfo, SearchPlan, SearchRequest } from './searches.ts'

interface Method<A, R, E = never> {
  readonly args: A
  readonly result: R
  readonly event: E
}

type None = Readonly<Record<string, never>>
type InProject<More = unknown> = { readonly projectId: string } & More
type OfRun<More = unknown> = { readonly runId: string } & More
type OfSearch<More = unknown> = { readonly searchId: string } & More

export interface Methods {
  'app.info': Method<None, AppInfo>
  /** Streams every change until it is cancelled. */
  'app.watch': Method<None, never, Change>
  'app.dismissNotice': Method<{ readonly id: string }, null>
  'preferences.get': Method<None, Preferences>
  'preferences.set': Method<Partial<Preferences>, Preferences>
  /** Lists a folder of the host's machine; null lists the person's own folder. */
  'files.list': Method<{ readonly path: string | null }, FolderListing>

  'projects.list': Method<None, readonly ProjectSummary[]>
  'projects.get': Method<InProject, ProjectDetail>
  /** @throws name_taken, name_invalid */
  'projects.create': Method<{ readonly name: string }, ProjectDetail>
  /** The sample project, with its data, documents and starter model chosen; the one there is where it was made before. */
  'projects.createSample': Method<None, ProjectDetail>
  'projects.rename': Method<InProject<{ readonly name: string }>, ProjectDetail>
  /** @throws project_busy where a run is at work, unless `force`, which stops it first. */
  'projects.delete': Method<InProject<{ readonly force: boolean }>, null>
  'projects.choose': Method<
    InProject<{ readonly modelId?: string | null; readonly settings?: Readonly<Record<string, unknown>> }>,
    ProjectDetail
  >

  /** The files of a folder or an archive, one by one; a file that is neither comes back as the only one. */
  'data.expand': Method<
    { readonly file: FileRef },
    Expansion,
    { readonly done: number; readonly total: number }
  >
  /** Reads a web page, or the pages of a site. @throws web_refused, web_failed */
  'data.readWeb': Method<WebRequest, WebReading, WebProgress>
  'data.inspect': Method<{ readonly file: FileRef; readonly table?: string | null }, Inspection>
  /** The first rows as they will be: mapped and checked, nothing is kept. */
  'data.preview': Method<
    { readonly file: FileRef; readonly table?: string | null; readonly mapping: Mapping | null },
    MappedPreview
  >
  /** Kept mappings, newest first; those alone that fit where columns are given. */
  'data.mappings': Method<{ readonly columns: readonly string[] | null }, readonly SavedMapping[]>
  /** A mapping of the same name is replaced. @throws name_invalid */
  'data.saveMapping': Method<
    { readonly name: string; readonly columns: readonly string[]; readonly mapping: Mapping },
    SavedMapping
  >
  'data.removeMapping': Method<{ readonly mappingId: string }, null>
  /** All or nothing: cancelled or failed, it leaves nothing behind. */
  'data.import': Method<ImportRequest, Source, ImportProgress>
  'data.sources': Method<InProject, readonly Source[]>
  /** Makes a source serve as one split, or be divided with the others. */
  'data.setUse': Method<InProject<{ readonly sourceId: string; readonly use: Source['use'] }>, Source>
  /** How many times an epoch of training goes through a source: from 0.01 to 100. */
  'data.setWeight': Method<InProject<{ readonly sourceId: string; readonly weight: number }>, Source>
  'data.removeSource': Method<InProject<{ readonly sourceId: string }>, null>
  'data.summary': Method<InProject, DataSummary>
  'data.examples': Method<ExampleQuery, Page<ExampleRow>>
  'data.updateExample': Method<
    InProject<{ readonly id: number; readonly question: string; readonly answers: readonly string[] }>,
    ExampleRow
  >
  'data.removeExample': Method<InProject<{ readonly id: number }>, null>
  'data.problems': Method<InProject, readonly ProblemGroup[]>
  'data.problemRows': Method<
    InProject<{
      readonly kind: string
      readonly offset: number
      readonly limit: number
      /** Those left out or flagged alone, or those mended alone; all where null or left out. */
      readonly show?: 'open' | 'mended' | null
    }>,
    Page<ProblemRow>
  >
  /**
   * Applies the proposed mends to rows, or to all of a kind, or to all kinds (`kind` null); `undo` takes mends back,
   * the person's and those made on the way in.
   */
  'data.mend': Method<
    InProject<{
      readonly kind: string | null
      readonly ids: readonly number[] | null
      readonly undo: boolean
    }>,
    { readonly changed: number }
  >
  /**
   * Looks for what shows only across rows: near-duplicates, contradictions, leaks between splits, contexts longer
   * than the model's window. Runs by itself after every change; a call waits for the newest result.
   */
  'data.check': Method<
    InProject,
    { readonly found: number },
    { readonly done: number; readonly total: number }
  >
  'data.passages': Method<
    InProject<{
      readonly offset: number
      readonly limit: number
      readonly search: string | null
      readonly sourceId: string | null
    }>,
    Page<Passage>
  >
  /** A question whose answer is the stretch `start` to `end` (code points) of a passage. */
  'data.mark': Method<
    InProject<{
      readonly passageId: number
      readonly question: string
      readonly start: number
      readonly end: number
    }>,
    ExampleRow
  >
  'data.splits': Method<InProject, Splits>
  'data.setSplits': Method<
    InProject<{ readonly seed: number; readonly validation: SplitSize; readonly test: SplitSize }>,
    Splits
  >
  /** Writes the examples to a new file in `folder`, or in the home folder's `exports` where null. @throws export_failed */
  'data.export': Method<
    InProject<{
      readonly format: DatasetFormat
      readonly split: SplitName | null
      readonly folder: string | null
    }>,
    WrittenDataset
  >
  /** Drafts questions; what passed the check stays, also where it is cancelled. @throws model_unsupported, data_empty */
  'data.draft': Method<DraftRequest, DraftResult, DraftProgress>
  'data.drafts': Method<
    InProject<{ readonly state: DraftState; readonly offset: number; readonly limit: number }>,
    Page<Draft> & { readonly counts: DraftCounts }
  >
  /** Keeps or drops one draft; kept as changed where a question or answer is given. @throws draft_missing, data_invalid */
  'data.reviewDraft': Method<
    InProject<{
      readonly id: number
      readonly verdict: DraftVerdict
      readonly question: string | null
      /** Code points of the passage. */
      readonly span: { readonly start: number; readonly end: number } | null
    }>,
    Draft
  >
  /** Decides on all that wait, unread; for a person who says so. */
  'data.reviewAllDrafts': Method<
    InProject<{ readonly verdict: 'keep' | 'drop' }>,
    { readonly changed: number }
  >

  'models.list': Method<None, readonly ModelInfo[]>
  'models.addFolder': Method<{ readonly folder: string }, ModelInfo>
  /** Takes the model out of the list; files that were downloaded here are removed, a person's folder is not. */
  'models.remove': Method<{ readonly modelId: string }, null>
  'models.catalogue': Method<None, readonly CatalogueEntry[]>
  /** Starts, or goes on with, a download in the background. */
  'models.download': Method<{ readonly catalogueId: string }, DownloadState>
  'models.pauseDownload': Method<{ readonly catalogueId: string }, DownloadState>
  'models.discardDownload': Method<{ readonly catalogueId: string }, null>
  /** Streams the downloads' states until it is cancelled. */
  'models.watchDownloads': Method<None, never, DownloadState>
  'machine.info': Method<None, MachineInfo>
  /** Runs the gradient check of every execution provider, in a process of its own. */
  'machine.check': Method<None, MachineInfo>

  'runs.form': Method<InProject, SettingsForm>
  'runs.readiness': Method<ReadinessRequest, Readiness>
  /** Measures a few real steps; kept for the same model, data and settings. */
  'runs.estimate': Method<
    ReadinessRequest,
    Estimate,
    { readonly phase: string; readonly done: number; readonly total: number }
  >
  /** Starts a run, or queues it. @throws run_not_ready, setting_invalid, … */
  'runs.start': Method<
    InProject<{
      readonly modelId: string
      readonly name: string | null
      readonly settings: Readonly<Record<string, unknown>>
    }>,
    RunDetail
  >
  'runs.list': Method<{ readonly projectId: string | null }, readonly RunInfo[]>
  'runs.get': Method<OfRun, RunDetail>
  /** The course of a run, thinned to at most `maxPoints` points. */
  'runs.series': Method<OfRun<{ readonly maxPoints: number }>, RunSeries>
  /** Streams a run until it is cancelled. */
  'runs.watch': Method<OfRun<{ readonly maxPoints: number }>, never, RunUpdate>
  /** Saves a checkpoint and frees the memory. */
  'runs.pause': Method<OfRun, RunDetail>
  'runs.resume': Method<OfRun, RunDetail>
  /** Ends the training now, keeps the best so far and scores it. */
  'runs.stopAndKeep': Method<OfRun, RunDetail>
  /** Stops where it must and removes the run with its folder. */
  'runs.discard': Method<OfRun, null>
  'runs.rename': Method<OfRun<{ readonly name: string }>, RunDetail>

  /** What is in an adapter's folder, and whether it fits a model. @throws adapter_invalid, adapter_mismatch, … */
  'adapters.inspect': Method<{ readonly modelId: string; readonly folder: string }, AdapterInfo>
  /**
   * Brings an adapter that was trained elsewhere into a project, as a run that is finished. What in it has no effect is in
   * the run's log. @throws adapter_invalid, adapter_mismatch, …
   */
  'adapters.import': Method<
    InProject<{ readonly modelId: string; readonly folder: string; readonly name: string | null }>,
    { readonly run: RunDetail; readonly adapter: AdapterInfo }
  >

  /** What can be searched, and a search that suits the settings. @throws setting_invalid */
  'search.form': Method<InProject<{ readonly settings: Readonly<Record<string, unknown>> }>, SearchForm>
  /** The trials that a search would make; nothing is begun. @throws search_invalid, setting_invalid */
  'search.plan': Method<SearchRequest, SearchPlan>
  /** Trains one trial after the other, judged by the validation examples alone. @throws run_not_ready, search_invalid, search_state, … */
  'search.start': Method<SearchRequest, SearchDetail>
  /** Those of a project, or of all where null; newest first. */
  'search.list': Method<{ readonly projectId: string | null }, readonly SearchInfo[]>
  'search.get': Method<OfSearch, SearchDetail>
  /** Saves the trial at work and stops; what was found stays. */
  'search.stop': Method<OfSearch, SearchDetail>
  /** Goes on where it stopped, the trial that was at work from its checkpoint. */
  'search.resume': Method<OfSearch, SearchDetail>
  /** Starts a normal run with the settings of a trial and the full number of epochs. @throws search_state, run_not_ready */
  'search.choose': Method<OfSearch<{ readonly number: number }>, RunDetail>
  /** Stops where it must and removes the search; runs that were started from it stay. */
  'search.discard': Method<OfSearch, null>

  /** @throws run_state where the run has no scores. */
  'compare.summary': Method<OfRun, CompareSummary>
  'compare.questions': Method<CompareQuery, Page<CompareRow>>
  'compare.question': Method<OfRun<{ readonly id: string }>, CompareDetail>
  'compare.ask': Method<AskRequest, AskResult, AnswerEvent>

  'chat.list': Method<InProject, readonly ChatSummary[]>
  'chat.create': Method<InProject, Chat>
  'chat.get': Method<{ readonly chatId: string }, Chat>
  'chat.delete': Method<{ readonly chatId: string }, null>
  'chat.ask': Method<
    { readonly chatId: string; readonly question: string; readonly runId: string | null },
    ChatMessage,
    AnswerEvent
  >

  'exports.list': Method<InProject, readonly ExportInfo[]>
  /** Writes into `folder`, or into the home folder's `exports` where null; never over what is there. */
  'exports.create': Method<
    OfRun<{ readonly kind: ExportKind; readonly folder: string | null }>,
    ExportInfo,
    { readonly phase: string; readonly done: number; readonly total: number }
  >
  'exports.remove': Method<{ readonly exportId: string }, null>
}

export type MethodName = keyof Methods
export type Args<M extends MethodName> = Methods[M]['args']
export type Result<M extends MethodName> = Methods[M]['result']
export type EventOf<M extends MethodName> = Methods[M]['event']

/** What a handler is given beside its arguments. */
export interface CallContext<E> {
  emit(event: E): void
  /** Aborted when the caller cancels or is gone. */
  readonly signal: AbortSignal
  /** The connection that calls, where there is one: callers take turns at what is shared. */
  readonly caller?: symbol
}

export type Handler<M extends MethodName> = (
  args: Args<M>,
  context: CallContext<EventOf<M>>,
) => Promise<Result<M>>

/** Handlers by method; a service gives those of its own methods. */
export type Handlers<M extends MethodName = MethodName> = { readonly [Name in M]: Handler<Name> }
