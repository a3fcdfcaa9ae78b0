import { createHash } from 'node:crypto'
import type { CompareSummary } from '../../contract/comparisons.ts'
import type { RunCourse, RunStory, StoryQuestion } from '../run-story.ts'
import { metricLabels, tasks } from '../../contract/tasks.ts'
import { courseSection } from './course-section.ts'
import { html, raw } from './html.ts'
import type { Html } from './html.ts'
import { dataSection, settingsSection } from './making-section.ts'
import { day, duration, percent, signed, wholeNumber } from './numbers.ts'
import { questionSection } from './question-section.ts'
import { nounOf, scoreSection } from './score-section.ts'
import { scoringNotes } from './scoring-notes.ts'
import { styleSheet } from './style-sheet.ts'

/** What the page may do: apply its own style sheet, as it is written here. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * A run as one HTML file for people who do not have the app: no script, nothing loaded from elsewhere, light or
 * dark as the reader's system, fit for printing. Every text of the run is escaped, and the page's own policy
 * forbids scripts, connections, and styles beside its own.
 */
export function runReport(story: RunStory, course: RunCourse, questions: readonly StoryQuestion[]): string {
  const { run, projectName, summary, writtenAt } = story
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${run.name} – ${projectName} – Loracle</title>
        ${raw(`<style>${styleSheet}</style>`)}
      </head>
      <body>
        <main>
          <header class="page">
            <p class="project">${projectName}</p>
            <h1>${run.name}</h1>
            <p class="verdict">
              ${summary ? headline(summary) : 'The run has no held-out questions, so nothing was scored.'}
            </p>
            <dl class="facts">${facts(story, course)}</dl>
          </header>
          ${summary ? scoreSection(summary) : null} ${courseSection(course)}
          ${questions.length > 0 ? questionSection(questions) : null} ${dataSection(story)}
          ${settingsSection(story)}
          <footer>
            <p>
              ${summary ? scoringNotes(summary) : null} Intervals: percentile bootstrap over questions, 1,000
              resamples, paired for the difference. “Within noise” means that the interval of the difference
              holds zero, or that there are fewer than six questions.
            </p>
            <p>Written by Loracle on ${day(writtenAt)}.</p>
          </footer>
        </main>
      </body>
    </html> `.html
}

/** The outcome in a sentence. */
function headline(summary: CompareSummary): string {
  const { tiles, counts } = summary
  if (summary.tasks.length > 1) return headlines(summary)
  const [tile] = tiles
  if (!tile) return ''
  const { before, after, difference, verdict } = tile
  const moved = `${metricLabels[tile.metric]} went from ${percent(before.value)} to ${percent(after.value)} (${signed(difference.value)})`
  const questions = `${wholeNumber(counts.fixed)} ${nounOf(summary)} were fixed and ${wholeNumber(counts.broken)} broken`
  if (verdict === 'noise') return `${moved}, which is within noise: ${questions}.`
  return `${moved}: ${questions}.`
}

/** Of several tasks how many got better, and each in short. */
function headlines({ tiles }: CompareSummary): string {
  const better = tiles.filter(({ verdict }) => verdict === 'better').length
  const each = tiles.map(
    ({ task, metric, before, after }) =>
      `${tasks[task].label} (${metricLabels[metric]}) ${percent(before.value)} → ${percent(after.value)}`,
  )
  return `${wholeNumber(better)} of ${wholeNumber(tiles.length)} tasks got better: ${each.join('; ')}.`
}

function facts({ run }: RunStory, { steps }: RunCourse): readonly Html[] {
  const { startedAt, endedAt, settings } = run
  const last = steps.at(-1)
  const trainable = run.facts['trainableParameters']
  const total = run.facts['totalParameters']
  const rows: readonly (readonly [name: string, value: string | null])[] = [
    ['Base model', run.modelName],
    [
      'Method',
      settings['method'] === 'full' ? 'every weight' : `LoRA, rank ${String(settings['rank'] ?? '?')}`,
    ],
    ['Steps', last ? `${wholeNumber(last.step)} of ${wholeNumber(last.steps)}` : null],
    [
      'Trained weights',
      typeof trainable === 'number' && typeof total === 'number'
        ? `${wholeNumber(trainable)} of ${wholeNumber(total)}`
        : null,
    ],
    ['Trained on', day(startedAt ?? run.createdAt)],
    ['Time', startedAt !== null && endedAt !== null ? duration(endedAt - startedAt) : null],
  ]
  return rows.flatMap(([name, value]) =>
    value === null
      ? []
      : [
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
        ],
  )
}
