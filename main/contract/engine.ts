import type { ErrorReport } from './errors.ts'
import type {
  AskRequest,
  AskResult,
  DoctorResult,
  EvaluateRequest,
  EvaluateResult,
  ExportOnnxRequest,
  ExportOnnxResult,
  InspectAdapterRequest,
  InspectAdapterResult,
  PredictRequest,
  PredictResult,
  RunEvent,
  ScoreRequest,
  ScoreResult,
  SettingInfo,
  SettingsSource,
  TrainRequest,
  TrainResult,
} from './engine-types.ts'

/** Work that has begun in a trainer process. */
export interface Job<R> {
  /** How it ended. Never rejects: failures, cancelling included, are values. */
  readonly outcome: Promise<R | ErrorReport>
  /**
   * Asks for an orderly end: a run saves a checkpoint first. Insists after a while. With `keep`, a run that has
   * done a step ends as an early stop does, its best adapter saved and scored.
   */
  stop(options?: { readonly keep?: boolean }): void
  /** Ends the process at once. */
  kill(): void
}

/** Takes what a job reports while it runs; the outcome is not among it. */
export type EventListener = (event: RunEvent) => void

/** The engine by paths: what the command line asks for outside projects. Requests and results are plain data. */
export interface Engine {
  /** Starts a run in a new folder, or goes on with one. The first event names the folder. */
  train(request: TrainRequest, onEvent: EventListener): Job<TrainResult>
  /** Scores a model on a dataset. */
  evaluate(request: EvaluateRequest, onEvent: EventListener): Job<EvaluateResult>
  /** Writes a SQuAD prediction file: id → answer text, empty for unanswerable. */
  predict(request: PredictRequest, onEvent: EventListener): Job<PredictResult>
  /** Answers one question; the answer's pieces come as `token` events. */
  ask(request: AskRequest, onEvent: EventListener): Job<AskResult>
  /** The official SQuAD figures of a prediction file. */
  score(request: ScoreRequest, onEvent: EventListener): Job<ScoreResult>
  /** Writes a model as a folder that Optimum and Transformers.js run. */
  exportOnnx(request: ExportOnnxRequest, onEvent: EventListener): Job<ExportOnnxResult>
  /** What is in an adapter, and whether it fits a model. */
  inspectAdapter(request: InspectAdapterRequest, onEvent: EventListener): Job<InspectAdapterResult>
  /** Versions, processors, memory, and a gradient check of each execution provider. */
  doctor(onEvent: EventListener): Job<DoctorResult>
  /** What a source gives, checked, without the defaults. @throws as `train` does for settings */
  givenSettings(source: SettingsSource): Promise<Readonly<Record<string, unknown>>>
  /** Every setting with its default and its sentence, in the order in which to show them. */
  describeSettings(): readonly SettingInfo[]
}
