import type { Verdict } from '../../contract/comparisons.ts'
import type { StoryQuestion } from '../run-story.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { wholeNumber } from './numbers.ts'
import { verdictNames } from './score-section.ts'

/** So many rows make a file of some two megabytes; a browser still scrolls it well. */
const mostRows = 5000

const filters = ['all', 'fixed', 'broken', 'both-right', 'both-wrong'] as const

/** Every compared question with base, tuned and accepted answers; radio buttons and CSS alone filter it. */
export function questionSection(questions: readonly StoryQuestion[]): Html {
  const shown = questions.slice(0, mostRows)
  const withSets = new Set(shown.map(({ set }) => set)).size > 1
  const counts = Map.groupBy(shown, verdictOf)
  const countOf = (filter: (typeof filters)[number]) =>
    filter === 'all' ? shown.length : (counts.get(filter)?.length ?? 0)
  return html`<section aria-labelledby="questions" class="questions">
    <h2 id="questions">Questions</h2>
    ${
      shown.length < questions.length
        ? html`<p class="lead">
            The first ${wholeNumber(shown.length)} of ${wholeNumber(questions.length)}; the predictions export
            holds the answers to all of them.
          </p>`
        : null
    }
    <fieldset class="filters">
      <legend>Show</legend>
      ${filters.map(
        (filter) =>
          html`<label
            ><input
              type="radio"
              name="verdict"
              id="show-${filter}"
              ${filter === 'all' ? html`checked` : null}
              ${countOf(filter) === 0 ? html`disabled` : null}
            /><span
              >${filter === 'all' ? 'All' : verdictNames[filter]}
              <small>${wholeNumber(countOf(filter))}</small></span
            ></label
          >`,
      )}
    </fieldset>
    <table class="answers">
      <thead>
        <tr>
          <th scope="col">Question</th>
          <th scope="col">Base</th>
          <th scope="col">Tuned</th>
          <th scope="col">Accepted</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((question) => row(question, withSets))}
      </tbody>
    </table>
  </section>`
}

function row(question: StoryQuestion, withSet: boolean): Html {
  const verdict = verdictOf(question)
  return html`<tr class="${verdict}">
    <td data-label="Question">
      ${question.question}${question.input === null ? null : html`<span class="input">${question.input}</span>`}${withSet ? html`<small class="set">${question.set}</small>` : null}
    </td>
    ${answerCell('Base', question, { text: question.base, right: question.baseRight })}${answerCell('Tuned', question, { text: question.tuned, right: question.tunedRight })}
    <td data-label="Accepted">
      ${question.gold.length === 0 ? noAnswer : question.gold.map((gold, i) => html`${i > 0 ? html`<span class="or"> or </span>` : null}${gold}`)}
    </td>
    <td data-label="Verdict"><span class="chip ${verdict}">${verdictNames[verdict]}</span></td>
  </tr> `
}

const noAnswer = html`<span class="none">no answer</span>`

function answerCell(
  side: string,
  { task }: StoryQuestion,
  { text, right }: { readonly text: string; readonly right: boolean },
): Html {
  const nothing = task === 'question-answering' ? noAnswer : html`<span class="none">nothing</span>`
  const mark = right
    ? html`<span class="right" role="img" aria-label="right">✓</span>`
    : html`<span class="wrong" role="img" aria-label="wrong">✗</span>`
  return html`<td data-label="${side}">
    <span class="answer">${mark}<span>${text === '' ? nothing : text}</span></span>
  </td>`
}

function verdictOf({ baseRight, tunedRight }: StoryQuestion): Verdict {
  if (baseRight) return tunedRight ? 'both-right' : 'broken'
  return tunedRight ? 'fixed' : 'both-wrong'
}
