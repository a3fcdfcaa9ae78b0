/** The kinds of tasks and their metrics, as the window and the command line ask and show by. */
export {
  freeTaskKinds,
  mainMetric,
  metricLabels,
  metricNames,
  readTaskKind,
  taskKinds,
  taskOf,
  tasks,
} from '../../trainer/data/tasks.ts'
export type { MetricName, TaskKind } from '../../trainer/data/tasks.ts'
