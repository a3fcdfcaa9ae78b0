import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { escapeHtml, html } from '../../../main/export/report/html.ts'
import { lineChart, smoothed } from '../../../main/export/report/line-chart.ts'
import { tickTexts } from '../../../main/export/report/numbers.ts'
import { runReport } from '../../../main/export/report/run-report.ts'
import type { RunCourse, RunStory, StoryQuestion } from '../../../main/export/run-story.ts'
import { readCourse } from '../../../main/export/run-story.ts'
import { parseSettings } from '../../../trainer/protocol.ts'
import type { MetricName, StepReport, TaskKind, ValidationReport } from '../../../trainer/protocol.ts'
import { openBrowser, withoutBrowser } from '../../e2e/support/browser.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const hostile = [
  `<script>document.title='owned'</script><img src=x onerror="document.title='owned'">"'&\u202e\u2066`,
  `</title></style></svg><style>*{display:none}</style><svg onload="document.title='owned'"><base href=//evil.example>`,
  `" onmouseover="document.title='owned'" style="background:url(//evil.example/a)" x="';}*{display:none}/*`,
  `<a href="javascript:document.title='owned'">a</a><meta http-equiv=refresh content="0;url=//evil.example">]]>-->`,
].join(' ')

const step = (at: number): StepReport => ({
  type: 'step',
  step: at,
  steps: 900,
  epoch: at / 300,
  loss: 2 / Math.sqrt(at),
  learningRate: 1e-3 * (1 - at / 900),
  gradNorm: 1 + Math.sin(at),
  tokensPerSecond: 1000,
  elapsedSeconds: at,
  secondsLeft: null,
  rssMb: 500,
  processorPercent: 100,
})
const validation = (at: number, f1: number, best: boolean): ValidationReport => ({
  type: 'validation',
  step: at,
  loss: 2.1 / Math.sqrt(at),
  scores: { exactMatch: f1 / 2, f1, rougeL: f1, count: 10 },
  best,
})
const course: RunCourse = {
  steps: Array.from({ length: 900 }, (_, i) => step(i + 1)),
  validations: [validation(300, 20, false), validation(600, 40, true), validation(900, 38, false)],
}

const settings = parseSettings({ rank: 4 })
const tile = (metric: MetricName, task: TaskKind = 'question-answering') => ({
  task,
  metric,
  before: { value: 20, low: 10, high: 30 },
  after: { value: 50, low: 40, high: 60 },
  difference: { value: 30, low: 20.04, high: 40 },
  verdict: 'better' as const,
})
const story: RunStory = {
  run: {
    id: 'r',
    projectId: 'p',
    name: hostile,
    status: 'finished',
    folder: '/nowhere',
    modelFolder: '/nowhere/model',
    modelName: hostile,
    outcome: null,
    settings,
    changed: { rank: 4 },
    splits: { train: 80, validation: 10, test: 4 },
    createdAt: 0,
    startedAt: 0,
    endedAt: 3_725_000,
    step: 900,
    steps: 900,
    stopped: 'finished',
    facts: {},
  },
  projectName: hostile,
  architecture: 'seq2seq',
  summary: {
    runId: 'r',
    questions: 4,
    counts: { fixed: 2, broken: 1, 'both-right': 1, 'both-wrong': 0 },
    tiles: [tile('f1'), tile('exactMatch')],
    tasks: [
      {
        task: 'question-answering',
        questions: 4,
        counts: { fixed: 2, broken: 1, 'both-right': 1, 'both-wrong': 0 },
        tiles: [tile('f1'), tile('exactMatch')],
      },
    ],
    sets: [
      { name: hostile, questions: 2, tiles: [tile('f1'), tile('exactMatch')] },
      { name: 'other', questions: 2, tiles: [tile('f1'), tile('exactMatch')] },
    ],
  },
  sources: [{ name: hostile, kind: 'dataset', examples: 94 }],
  settings: [
    {
      name: 'rank',
      label: 'Rank',
      group: 'LoRA',
      description: 'Rank.',
      value: hostile,
      defaultValue: hostile,
      changed: true,
    },
    {
      name: 'alpha',
      label: 'Alpha',
      group: 'LoRA',
      description: 'Scale.',
      value: 32,
      defaultValue: 32,
      changed: false,
    },
  ],
  writtenAt: Date.UTC(2026, 10, 21),
}
const question = (id: string, baseRight: boolean, tunedRight: boolean): StoryQuestion => ({
  id,
  set: 'other',
  question: `Question ${id} ${hostile}`,
  task: 'question-answering',
  input: id === 'a' ? hostile : null,
  base: hostile,
  tuned: baseRight ? '' : hostile,
  gold: id === 'd' ? [] : [hostile, 'two'],
  baseRight,
  tunedRight,
})
const questions = [
  question('a', false, true),
  question('b', true, false),
  question('c', true, true),
  question('d', false, true),
]

describe.skipIf(withoutBrowser)('the report in a browser', () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterAll(() => browser.close())

  async function written(text: string): Promise<string> {
    const path = join(await temporaryFolder(), 'report.html')
    await writeFile(path, text)
    return path
  }

  async function opened(text: string) {
    const path = await written(text)
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 } })
    onTestFinished(() => page.close())
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(`file://${path}`)
    return { page, requests, complaints }
  }

  test('shows hostile names and answers as text, and loads nothing', async () => {
    const { page, requests, complaints } = await opened(runReport(story, course, questions))
    expect(await page.title()).toContain("<script>document.title='owned'</script>")
    expect(await page.locator('h1').innerText()).toBe(hostile.replace(/[\u202e\u2066]/g, '\ufffd'))
    expect(await page.locator('script, img, iframe, link, object').count()).toBe(0)
    expect(requests).toHaveLength(1)
    expect(complaints).toEqual([])
    // Whatever the texts are, the page has the elements and attributes that it has with plain ones.
    const structure = `JSON.stringify([...document.querySelectorAll('*')].map((one) => [one.tagName, one.getAttributeNames()]))`
    const made = await page.evaluate<string>(structure)
    const plain = (text: string): string => text.replaceAll(JSON.stringify(hostile).slice(1, -1), 'plain')
    const [plainStory, plainQuestions] = [story, questions].map(
      (one) => JSON.parse(plain(JSON.stringify(one))) as unknown,
    ) as [RunStory, StoryQuestion[]]
    await page.goto(`file://${await written(runReport(plainStory, course, plainQuestions))}`)
    expect(await page.evaluate<string>(structure)).toBe(made)
    expect(await page.locator('h1').innerText()).toBe('plain')
  })

  test('has a policy of its own: no script, no style but its own, no request, also of what is put into it', async () => {
    const { page } = await opened(runReport(story, course, questions))
    const answered: string[] = []
    page.on('requestfinished', (request) => answered.push(request.url()))
    await page.evaluate(`(() => {
      window.refused = new Set()
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => refused.add(violatedDirective))
      const parts = ['<img src=x onerror="document.title = 1">', '<img src="https://evil.example/a.png">',
        '<p style="display:none">', '<style>*{display:none}</style>', '<iframe src="https://evil.example/">',
        '<base href="https://evil.example/">', '<link rel=stylesheet href="https://evil.example/a.css">']
      for (const part of parts) document.body.insertAdjacentHTML('beforeend', part)
      void fetch('https://evil.example/').catch(() => undefined)
      const form = document.body.appendChild(document.createElement('form'))
      Object.assign(form, { action: 'https://evil.example/', method: 'post' }).submit()
    })()`)
    const places = ['base-uri', 'connect-src', 'form-action', 'frame-src', 'img-src', 'script-src-attr']
    await expect
      .poll(() => page.evaluate('[...refused].sort()'))
      .toEqual([...places, 'style-src-attr', 'style-src-elem'])
    expect(await page.title()).not.toBe('1')
    expect(page.url()).toMatch(/^file:.*report\.html$/)
    expect(answered).toEqual([])
  })

  test('shows each task with its metrics, and says when answers are right', async () => {
    const counts = { fixed: 1, broken: 1, 'both-right': 0, 'both-wrong': 0 }
    const kinds = [
      ['classification', ['accuracy', 'macroF1']],
      ['summarisation', ['rougeL', 'rougeLsum']],
    ] as const
    const tasks = kinds.map(([task, metrics]) => ({
      task,
      questions: 2,
      counts,
      tiles: metrics.map((metric) => tile(metric, task)),
    }))
    const tiles = [tile('accuracy', 'classification'), tile('rougeL', 'summarisation')]
    const summary = { runId: 'r', questions: 4, counts, tiles, tasks, sets: [] }
    const asked: StoryQuestion = {
      ...question('a', false, true),
      task: 'summarisation',
      input: 'A long text',
    }
    const { page } = await opened(runReport({ ...story, summary }, course, [{ ...asked, base: '' }]))
    expect(await page.locator('.tile h3').allInnerTexts()).toEqual([
      'Classification: Accuracy',
      'Summarisation: ROUGE-L',
    ])
    expect(await page.getByRole('table').first().innerText()).toContain('ROUGE-Lsum')
    const text = await page.locator('body').innerText()
    expect(text).toContain('2 of 2 tasks got better')
    expect(text).toContain('an answer counts as right from ROUGE-L 30 on')
    expect(text).toContain('an answer is right when it is an accepted label')
    expect(text).not.toContain('SQuAD')
    expect(await page.locator('.answers tbody').innerText()).toMatch(/A long text[\s\S]*nothing/)
  })

  test('filters the questions without a script', async () => {
    const { page } = await opened(runReport(story, course, questions))
    const shown = () => page.locator('.answers tbody tr:visible').count()
    expect(await shown()).toBe(4)
    for (const [name, count] of [
      ['Fixed', 2],
      ['Broken', 1],
      ['Both right', 1],
      ['All', 4],
    ] as const) {
      await page.getByRole('radio', { name: new RegExp(`^${name}`) }).check({ force: true })
      expect([name, await shown()]).toEqual([name, count])
    }
    expect(await page.getByRole('radio', { name: /^Both wrong/ }).isDisabled()).toBe(true)
  })

  test('is as wide as a small window, and no wider', async () => {
    const { page } = await opened(runReport(story, course, questions))
    for (const width of [1280, 700, 360]) {
      await page.setViewportSize({ width, height: 800 })
      const wide = await page.evaluate('document.documentElement.scrollWidth')
      expect(wide).toBe(width)
    }
  })
})

describe('the report’s parts', () => {
  test('has four charts with a validation by answers, two without, none without steps', () => {
    const charts = (of: RunCourse) => runReport(story, of, questions).split('<figure').length - 1
    expect(charts(course)).toBe(4)
    const lossAlone = course.validations.map((one) => ({ ...one, scores: null }))
    expect(charts({ ...course, validations: lossAlone })).toBe(2)
    expect(charts({ steps: [], validations: [] })).toBe(0)
  })

  test('does without scores and questions', () => {
    const text = runReport({ ...story, summary: null }, course, [])
    expect(text).toContain('nothing was scored')
    expect(text).not.toContain('id="questions"')
  })

  test('shows the first 5,000 of many questions and says so', () => {
    const many = Array.from({ length: 5001 }, (_, i) => question(String(i), false, true))
    const text = runReport(story, course, many)
    expect(text).toContain('The first 5,000 of 5,001')
    expect(text.split('<tr class="fixed">').length - 1).toBe(5000)
  })

  test('escapes what HTML would read, and what no page may hold', () => {
    expect(escapeHtml(`<a href="x">'&'</a>\u0000\ud800`)).toBe(
      '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;\ufffd\ufffd',
    )
    expect(html`<p title="${'"'}">${[html`<i></i>`, html`${1}`]}${null}</p>`.html).toBe(
      '<p title="&quot;"><i></i>1</p>',
    )
  })

  test('a chart says its course in words, thins a long one and leaves out what is not finite', () => {
    const points = Array.from({ length: 4000 }, (_, i) => ({ x: i + 1, y: i === 7 ? Number.NaN : 2 }))
    const chart = lineChart({
      title: 'Loss',
      unit: '',
      until: 4000,
      series: [{ name: 'training', points, look: 'line', colour: 1 }],
    }).html
    expect(chart).toContain('Loss: training from 2 at step 1 to 2 at step 4000.')
    expect(chart).not.toContain('NaN')
    expect(chart.match(/L\d/g)?.length).toBe(399)
    const nothing = lineChart({ title: 'Loss', unit: '', until: 0, series: [] })
    expect(nothing.html).toBe('')
  })

  test('smoothing is free of a start bias', () => {
    const same = smoothed([1, 2, 3].map((x) => ({ x, y: 5 })))
    same.forEach(({ y }) => {
      expect(y).toBeCloseTo(5, 12)
    })
    const [, second] = smoothed([0, 1].map((y, x) => ({ x, y })))
    expect(second?.y).toBeCloseTo(0.1 / 0.19, 12)
  })

  test('writes the values of one axis alike', () => {
    expect(tickTexts([0, 0.0005, 0.001])).toEqual(['0', '0.0005', '0.001'])
    expect(tickTexts([0, 0.00005, 0.0001])).toEqual(['0', '5e−5', '1e−4'])
    expect(tickTexts([0, 20_000])).toEqual(['0', '20K'])
  })

  test('reads the course of a run, half lines left out', async () => {
    const folder = await temporaryFolder()
    await mkdir(folder, { recursive: true })
    const lines = [...course.steps.slice(0, 2), ...course.validations.slice(0, 1)].map((one) =>
      JSON.stringify(one),
    )
    await writeFile(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n{"type":"step","st`)
    expect(await readCourse(folder)).toEqual({
      steps: course.steps.slice(0, 2),
      validations: course.validations.slice(0, 1),
    })
    expect(await readCourse(join(folder, 'none'))).toEqual({ steps: [], validations: [] })
  })
})
