import type { RunCourse } from '../run-story.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { lineChart, smoothed } from './line-chart.ts'
import type { Point } from './line-chart.ts'
import { tickText, wholeNumber } from './numbers.ts'

/** How well the held-out texts are foreseen, where texts were trained on. */
function perplexitySentence(validations: RunCourse['validations']): Html | null {
  const told = validations.flatMap(({ perplexity }) => (perplexity === undefined ? [] : [perplexity]))
  const [first, last] = [told[0], told.at(-1)]
  if (first === undefined || last === undefined) return null
  const course = told.length > 1 ? ` It was ${tickText(first)} at the first validation.` : ''
  return html`<p>
    The perplexity of the held-out texts, exp(loss) over their tokens, is ${tickText(last)} at the
    end.${course}
  </p>`
}

/** The course of the training: loss, validation, learning rate, gradient norm. */
export function courseSection({ steps, validations }: RunCourse): Html {
  if (steps.length === 0) return html``
  const until = steps.at(-1)?.step ?? 0
  const losses = steps.map(({ step, loss }): Point => ({ x: step, y: loss }))
  const best = validations.findLast((validation) => validation.best)
  const f1 = validations.flatMap(({ step, scores }) => (scores ? [{ x: step, y: scores.f1 }] : []))
  const name = best ? `Best at step ${wholeNumber(best.step)}` : ''
  const bestF1 = best?.scores?.f1
  return html`<section aria-labelledby="course">
    <h2 id="course">Training</h2>
    ${
      best
        ? html`<p class="lead">
            The best checkpoint, the one that was kept, is that of step ${wholeNumber(best.step)}, with a
            validation loss of ${tickText(best.loss)}; it is circled.
          </p>`
        : null
    }
    ${perplexitySentence(validations)}
    <div class="charts">
      ${lineChart({
        title: 'Loss',
        unit: 'mean over the answer’s tokens',
        until,
        series: [
          { name: 'each step', points: losses, look: 'faint', colour: 1 },
          { name: 'training, smoothed', points: smoothed(losses), look: 'line', colour: 1 },
          {
            name: 'validation',
            points: validations.map(({ step, loss }) => ({ x: step, y: loss })),
            look: 'dots',
            colour: 2,
          },
        ],
        mark: best ? { x: best.step, y: best.loss, name } : null,
        fromZero: true,
      })}
      ${lineChart({
        title: 'Validation F1',
        unit: 'percent',
        until,
        series: [{ name: 'F1', points: f1, look: 'dots', colour: 2 }],
        mark: best && bestF1 !== undefined ? { x: best.step, y: bestF1, name } : null,
      })}
      ${lineChart({
        title: 'Learning rate',
        unit: 'AdamW',
        until,
        series: [
          {
            name: 'learning rate',
            points: steps.map(({ step, learningRate }) => ({ x: step, y: learningRate })),
            look: 'line',
            colour: 3,
          },
        ],
        fromZero: true,
      })}
      ${
        // Beside the learning rate, where the chart of the validation would else leave a hole.
        f1.length > 0
          ? lineChart({
              title: 'Gradient norm',
              unit: 'before clipping',
              until,
              series: [
                {
                  name: 'gradient norm',
                  points: steps.map(({ step, gradNorm }) => ({ x: step, y: gradNorm })),
                  look: 'line',
                  colour: 1,
                },
              ],
              fromZero: true,
            })
          : null
      }
    </div>
  </section>`
}
