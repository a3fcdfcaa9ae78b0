import type { CompareSummary, Interval, ScoreTile, Verdict } from '../../contract/comparisons.ts'
import { metricLabels, tasks } from '../../contract/tasks.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { percent, signed, wholeNumber } from './numbers.ts'

const sentences: Readonly<Record<ScoreTile['verdict'], string>> = {
  better: 'Better',
  worse: 'Worse',
  noise: 'Within noise',
}

/** What the training did to questions, in the order of the report. */
export const verdictNames: Readonly<Record<Verdict, string>> = {
  fixed: 'Fixed',
  broken: 'Broken',
  'both-right': 'Both right',
  'both-wrong': 'Both wrong',
}

/** Score tiles with their intervals, the questions by verdict, and each test set by itself. */
export function scoreSection(summary: CompareSummary): Html {
  return html`<section aria-labelledby="scores">
    <h2 id="scores">Scores</h2>
    <p class="lead">
      Over ${wholeNumber(summary.questions)} held-out ${nounOf(summary)}, which the model did not see in
      training. In percent; the bars are 95&nbsp;% intervals.
    </p>
    <div class="tiles">${summary.tiles.map((one) => tile(one, hasSeveral(summary)))}</div>
    ${shares(summary)}
    ${
      hasSeveral(summary)
        ? scoreTable(
            'Task',
            summary.tasks.map(({ task, ...rest }) => ({ name: tasks[task].label, ...rest })),
          )
        : null
    }
    ${summary.sets.length > 1 ? scoreTable('Test set', summary.sets, hasSeveral(summary)) : null}
  </section>`
}

function hasSeveral({ tasks: kinds }: CompareSummary): boolean {
  return kinds.length > 1
}

/** Questions, or examples where there are tasks among them. */
export function nounOf({ tasks: kinds }: Pick<CompareSummary, 'tasks'>): string {
  return kinds.every(({ task }) => task === 'question-answering') ? 'questions' : 'examples'
}

function metricName({ task, metric }: ScoreTile, withTask: boolean): string {
  return withTask ? `${tasks[task].label}: ${metricLabels[metric]}` : metricLabels[metric]
}

function tile(one: ScoreTile, withTask: boolean): Html {
  const { before, after, difference, verdict } = one
  return html`<article class="tile">
    <header>
      <h3>${metricName(one, withTask)}</h3>
      <span class="badge ${verdict}">${sentences[verdict]}</span>
    </header>
    <p class="figures">
      <span class="before">${percent(before.value)}</span>
      <span class="arrow" aria-label="to">→</span>
      <span class="after">${percent(after.value)}</span>
      <span class="difference">${signed(difference.value)}<small>${range(difference, signed)}</small></span>
    </p>
    ${scale(before, after)}
  </article>`
}

/** Both means with their intervals on one scale from 0 to 100. */
function scale(before: Interval, after: Interval): Html {
  const [left, room] = [56, 400]
  const x = (value: number) => Math.round((left + (value / 100) * room) * 10) / 10
  const row = (interval: Interval, y: number, side: 'base' | 'tuned') =>
    html`<g class="${side}">
      <text x="0" y="${y + 4}" class="side">${side === 'base' ? 'Base' : 'Tuned'}</text>
      <line x1="${x(0)}" x2="${x(100)}" y1="${y}" y2="${y}" class="track" />
      <line x1="${x(interval.low)}" x2="${x(interval.high)}" y1="${y}" y2="${y}" class="interval" />
      <circle cx="${x(interval.value)}" cy="${y}" r="5.5" />
    </g>`
  return html`<svg
    viewBox="0 0 464 74"
    role="img"
    aria-label="Base ${percent(before.value)}, ${range(before)}; tuned ${percent(after.value)}, ${range(after)}"
  >
    ${row(before, 12, 'base')} ${row(after, 38, 'tuned')}
    <g class="ticks">
      ${[0, 25, 50, 75, 100].map(
        (value) => html`<text x="${x(value)}" y="68" text-anchor="middle">${value}</text>`,
      )}
    </g>
  </svg>`
}

const range = ({ low, high }: Interval, as: (value: number) => string = percent): string =>
  `${as(low)} to ${as(high)}`

function shares({ counts, questions }: CompareSummary): Html {
  const all = Object.keys(verdictNames) as Verdict[]
  return html`<div class="shares">
    ${shareBar(counts)}
    <ul class="legend">
      ${all.map(
        (verdict) =>
          html`<li>
            <span class="swatch ${verdict}" aria-hidden="true"></span>${verdictNames[verdict]}
            <b>${wholeNumber(counts[verdict])}</b>
            <small>${percent((100 * counts[verdict]) / questions)}&nbsp;%</small>
          </li>`,
      )}
    </ul>
  </div>`
}

/** The verdicts side by side, each as wide as its share. The page's policy lets no element have a style of its own. */
function shareBar(counts: CompareSummary['counts']): Html {
  const shown = (Object.keys(verdictNames) as Verdict[]).filter((verdict) => counts[verdict] > 0)
  const total = shown.reduce((sum, verdict) => sum + counts[verdict], 0)
  let before = 0
  return html`<svg class="bar" viewBox="0 0 ${total} 1" preserveAspectRatio="none" aria-hidden="true">
    ${shown.map((verdict) => {
      const x = before
      before += counts[verdict]
      return html`<rect class="${verdict}" x="${x}" width="${counts[verdict]}" height="1" />`
    })}
  </svg>`
}

interface ScoredPart {
  readonly name: string
  readonly questions: number
  readonly tiles: readonly ScoreTile[]
}

function scoreTable(heading: string, list: readonly ScoredPart[], withTask = false): Html {
  const cell = (interval: Interval, as = percent) =>
    html`<td class="number">${as(interval.value)}<small>${range(interval, as)}</small></td>`
  const rows = ({ name, questions, tiles }: ScoredPart) =>
    tiles.map((one, i) => {
      const { before, after, difference, verdict } = one
      return html`<tr>
        ${i === 0 ? html`<th scope="rowgroup" rowspan="${tiles.length}">${name}</th>` : null}
        ${i === 0 ? html`<td class="number" rowspan="${tiles.length}">${wholeNumber(questions)}</td>` : null}
        <td>${metricName(one, withTask)}</td>
        ${cell(before)} ${cell(after)} ${cell(difference, signed)}
        <td><span class="badge ${verdict}">${sentences[verdict]}</span></td>
      </tr>`
    })
  return html`<div class="scroll">
    <table class="plain">
      <caption>
        By ${heading.toLowerCase()}
      </caption>
      <thead>
        <tr>
          <th scope="col">${heading}</th>
          <th scope="col" class="number">Number</th>
          <th scope="col">Measure</th>
          <th scope="col" class="number">Base</th>
          <th scope="col" class="number">Tuned</th>
          <th scope="col" class="number">Difference</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      ${list.map(
        (set) =>
          html`<tbody>
            ${rows(set)}
          </tbody>`,
      )}
    </table>
  </div>`
}
