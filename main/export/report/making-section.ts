import { settingText } from '../run-story.ts'
import type { RunStory, SettingRow } from '../run-story.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { wholeNumber } from './numbers.ts'

const splitNames = { train: 'Training', validation: 'Validation', test: 'Test' } as const

/** The data that the run was trained on, and the project's files. */
export function dataSection({ run, sources }: RunStory): Html {
  const total = Object.keys(splitNames).reduce((sum, name) => sum + (run.splits[name] ?? 0), 0)
  return html`<section aria-labelledby="data">
    <h2 id="data">Data</h2>
    <dl class="facts splits">
      ${Object.entries(splitNames).map(
        ([key, name]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>
              ${wholeNumber(run.splits[key] ?? 0)}
              <small>${total > 0 ? Math.round((100 * (run.splits[key] ?? 0)) / total) : 0}&nbsp;%</small>
            </dd>
          </div>`,
      )}
    </dl>
    ${
      sources.length > 0
        ? html`<table class="plain">
            <caption>
              Sources of the project
            </caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col" class="number">Questions</th>
              </tr>
            </thead>
            <tbody>
              ${sources.map(
                ({ name, kind, examples }) =>
                  html`<tr>
                    <td>${name}</td>
                    <td>${kind}</td>
                    <td class="number">${examples > 0 ? wholeNumber(examples) : '–'}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
        : null
    }
  </section>`
}

/** Every setting, those that were changed first. */
export function settingsSection({ settings }: RunStory): Html {
  const changed = settings.filter((row) => row.changed)
  const rest = settings.filter((row) => !row.changed)
  return html`<section aria-labelledby="settings">
    <h2 id="settings">Settings</h2>
    ${
      changed.length > 0
        ? table(changed, html`Changed from the defaults`)
        : html`<p class="lead">All settings were at their defaults.</p>`
    }
    <details>
      <summary>${wholeNumber(rest.length)} settings at their defaults</summary>
      ${table(rest, null)}
    </details>
  </section>`
}

function table(rows: readonly SettingRow[], caption: Html | null): Html {
  const [first] = rows
  if (!first) return html``
  const withDefault = first.changed
  return html`<table class="plain settings">
    ${
      caption &&
      html`<caption>
        ${caption}
      </caption>`
    }
    <thead>
      <tr>
        <th scope="col">Setting</th>
        <th scope="col">Value</th>
        ${withDefault ? html`<th scope="col">Default</th>` : null}
        <th scope="col">What it does</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ label, name, value, defaultValue, description }) =>
          html`<tr>
            <th scope="row">${label} <code>${name}</code></th>
            <td class="value">${settingText(value)}</td>
            ${withDefault ? html`<td>${settingText(defaultValue)}</td>` : null}
            <td class="what">${description}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}
