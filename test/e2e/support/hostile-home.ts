import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createApp, forkTrainer, plainCall } from '../../../main/app.ts'
import { openStore } from '../../../main/store/open.ts'
import { repository } from '../../main/spawn-cli.ts'
import { comparison, seedRun } from '../../support/stored-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const owned = 'window.owned=1'
/** Markup in whose stead nothing may come to be but text; each would make an element, run, load or lead away. */
export const hostileMarkup = [
  `<x-owned>mark</x-owned>`,
  `"'><script>${owned}</script>`,
  `<img src=x onerror="${owned}">`,
  `<svg onload="${owned}"><a xlink:href="javascript:${owned}">a</a></svg>`,
  `<iframe srcdoc="<script>parent.${owned}</script>"></iframe>`,
  `<a href="javascript:${owned}" target=_blank>click</a> [click](javascript:${owned}) <data:text/html,${owned}>`,
  `<style>*{display:none}</style><base href=//evil.example><meta http-equiv=refresh content="0;url=//evil.example">`,
  `{@html x} {{constructor.constructor('${owned}')()}} \${${owned}} </title></textarea>--!>]]>`,
].join(' ')

/** A short one, with characters that turn the direction of what follows, one that no font shows, and none at all. */
export const hostileName = `<x-owned>\u202egnp.exe\u2066<img src=x onerror=${owned}>\u0007\u0000`
const longName = '<x-owned>' + 'W'.repeat(1_000_000)

/**
 * A home folder whose store and files are hostile wherever a text of theirs is shown: names of the project, its
 * files, columns, models, runs and chats, texts, headings, questions, answers, cells, errors and notices.
 */
export async function hostileHome(): Promise<string> {
  const home = await temporaryFolder()
  const projectId = await seedStore(home)
  const app = await createApp({
    home,
    root: repository,
    version: '0.0.0',
    host: 'cli',
    startTrainer: () => forkTrainer(join(repository, 'trainer', 'worker.ts')),
  })
  try {
    await app.handlers['projects.choose']({ projectId, modelId: 'starter' }, plainCall)
    for (const path of await hostileFiles()) {
      const { mapping } = await app.handlers['data.inspect']({ file: { path } }, plainCall)
      const name = path.endsWith('.csv') ? hostileName : null
      await app.handlers['data.import']({ projectId, file: { path }, name, mapping, use: 'auto' }, plainCall)
    }
  } finally {
    await app.dispose()
  }
  return home
}

/** Files of hostile names and contents: a table with questions, a text with headings. */
export async function hostileFiles(): Promise<readonly [table: string, text: string]> {
  const folder = join(await temporaryFolder(), 'files')
  await mkdir(folder)
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`
  const row = (n: number) => [
    `Passage ${n} ${hostileMarkup}`,
    `What is ${n}? ${hostileMarkup}`,
    `Passage ${n}`,
  ]
  const lines = [
    ['context', 'question', 'answer', `<x-owned onclick=${owned}>\u202ecolumn`, `__proto__`],
    ...Array.from({ length: 12 }, (_, n) => [...row(n), n % 2 === 0 ? '=cmd|x' : hostileMarkup, 'x']),
    // No answer in its passage: a row that is left out, with its texts.
    [`Lost ${hostileMarkup}`, `Lost? ${hostileMarkup}`, `nowhere ${hostileMarkup}`, 'x', 'x'],
  ]
  const table = join(folder, `t "'><x-owned><img src=x onerror=${owned}>\u202evsc.csv`)
  await writeFile(table, lines.map((cells) => cells.map(cell).join(',')).join('\n'))
  const text = join(folder, `d <svg onload=${owned}>\u202e.md`)
  const parts = [1, 2, 3].map(
    (n) => `# Part ${n} ${hostileMarkup}\n\n${`Roses ${hostileMarkup} `.repeat(6)}\n`,
  )
  await writeFile(text, parts.join('\n'))
  return [table, text]
}

async function seedStore(home: string): Promise<string> {
  const store = await openStore(home)
  try {
    const compared = [0, 1, 2, 3].map((n) =>
      comparison({
        id: String(n),
        set: hostileName,
        question: `Q${n} ${hostileMarkup}`,
        base: n % 2 === 0 ? hostileMarkup : `Base ${hostileName}`,
        tuned: n > 1 ? `Tuned ${hostileMarkup}` : '',
        gold: [hostileMarkup, hostileName],
        baseRight: n % 2 === 0,
        tunedRight: n > 1,
      }),
    )
    const { projectId, runId, folder } = await seedRun(store, {
      name: hostileName,
      projectName: hostileName,
      modelFolder: join(home, hostileName.replaceAll('\0', '')),
      comparisons: compared,
    })
    const error = { code: 'internal', message: `Lost ${hostileName} of ${hostileMarkup}`, details: {} }
    const scores = JSON.stringify({ exactMatch: 50, f1: 50, rougeL: 50, count: compared.length })
    await store.run(
      'UPDATE run SET model_name = ?, outcome = ?, scores_before = ?, scores_after = ? WHERE id = ?',
      ...[hostileName, folder, scores, scores, runId],
    )
    await store.run(
      `INSERT INTO run SELECT 'run-2', project_id, ?, 'failed', model_id, ?, model_folder, folder, settings, changed,
         splits, created_at + 1, queued_at + 1, started_at, ended_at, 0, 9, 0, ?, NULL, NULL, NULL, NULL, facts, NULL
       FROM run WHERE id = ?`,
      ...[`Failed ${hostileName}`, hostileName, JSON.stringify(error), runId],
    )
    for (const run of [runId, 'run-2'])
      await store.run(
        `INSERT INTO run_log (run_id, at, level, text) VALUES (?, 1, 'warning', ?)`,
        run,
        `Log ${hostileName} ${hostileMarkup}`,
      )
    await store.run(
      `INSERT INTO model (id, name, folder, origin, architecture, parameters, bytes, licence, max_length,
         training_memory_mb, reason, added_at) VALUES ('m', ?, ?, 'folder', 't5', 1, 1, ?, 512, 1, ?, 1)`,
      ...[hostileName, `/nowhere/${hostileName}`, hostileName, `No: ${hostileName} ${hostileMarkup}`],
    )
    await store.run(
      `INSERT INTO notice VALUES ('n', 1, ?, ?, ?)`,
      ...[JSON.stringify(error), projectId, runId],
    )
    await store.run(
      `INSERT INTO saved_mapping VALUES ('s', ?, '["context","question","answer"]', '{"form":"qa","roles":{}}', 1)`,
      hostileName,
    )
    await seedChats(store, projectId, runId)
    await store.run(
      `INSERT INTO export VALUES ('e', ?, ?, ?, 'report', ?, 1, ?, 1)`,
      ...[projectId, runId, hostileName, join(home, `exports/${hostileName}`), JSON.stringify([hostileName])],
    )
    return projectId
  } finally {
    await store.close()
  }
}

async function seedChats(
  store: Awaited<ReturnType<typeof openStore>>,
  projectId: string,
  runId: string,
): Promise<void> {
  const side = {
    text: hostileMarkup,
    unanswerable: false,
    score: -0.1,
    passage: 0,
    span: { start: 0, end: 20 },
    seconds: 1,
    alternatives: [{ text: hostileMarkup, span: { start: 0, end: 20 }, probability: 0.5 }],
  }
  const passage = {
    passageId: 1,
    sourceName: hostileName,
    title: hostileName,
    heading: [hostileName, hostileMarkup],
    page: 1,
    text: `${hostileMarkup} ${hostileName}`,
    score: 1,
  }
  for (const [id, title] of [
    ['c', hostileName],
    ['long', longName],
  ] as const)
    await store.run(`INSERT INTO chat VALUES (?, ?, ?, 1, ?)`, id, projectId, title, id === 'c' ? 2 : 1)
  await store.run(
    `INSERT INTO chat_turn (chat_id, at, question, run_id, run_name, model_name, passages, base, tuned)
     VALUES ('c', 1, ?, ?, ?, ?, ?, ?, ?)`,
    ...[hostileMarkup, runId, hostileName, hostileName],
    ...[[passage], side, side].map((one) => JSON.stringify(one)),
  )
}
