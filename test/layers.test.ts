import { readFileSync, readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/**
 * Who may import whom. A file belongs to the longest key that is its path or a folder above it; it may import
 * what lies in its own folder and under the paths of its row. `types` may be imported as types alone.
 */
interface Layer {
  readonly may: readonly string[]
  readonly types?: readonly string[]
  /** False where the layer must run without Node. */
  readonly node?: boolean
}

const foundations = [
  'trainer/errors.ts',
  'trainer/settings.ts',
  'trainer/nearest-name.ts',
  'trainer/shown-value.ts',
  'trainer/parse-json.ts',
]
const pure = (...may: readonly string[]): Layer => ({ may: [...foundations, ...may], node: false })
const trainer = (...may: readonly string[]): Layer => ({
  may: [...foundations, 'trainer/read-bounded.ts', ...may],
  types: ['trainer/protocol.ts'],
})
const recipe: Layer = { may: ['trainer'] }

const layers: Readonly<Record<string, Layer>> = {
  'trainer/errors.ts': { may: ['trainer/shown-value.ts'], node: false },
  'trainer/parse-json.ts': { may: [], node: false },
  'trainer/read-bounded.ts': { may: ['trainer/errors.ts'] },
  'trainer/nearest-name.ts': { may: [], node: false },
  'trainer/shown-value.ts': { may: [], node: false },
  'trainer/architectures.ts': { may: [], node: false },
  'trainer/settings.ts': pure(),
  'trainer/setting-forms.ts': pure(),
  'trainer/commands.ts': pure('trainer/data/example.ts'),
  'trainer/results.ts': pure('trainer/data/tasks.ts'),
  'trainer/reports.ts': pure('trainer/data/example.ts', 'trainer/results.ts'),
  'trainer/protocol.ts': pure(
    'trainer/architectures.ts',
    'trainer/commands.ts',
    'trainer/reports.ts',
    'trainer/results.ts',
    'trainer/setting-forms.ts',
    'trainer/data/tasks.ts',
  ),
  'trainer/context.ts': pure('trainer/protocol.ts'),
  'trainer/graph': pure(),
  'trainer/autodiff': pure('trainer/graph'),
  'trainer/nn': pure('trainer/graph'),
  // The optimiser's state is named tensors, as a checkpoint keeps them.
  'trainer/optim': { ...pure('trainer/graph'), types: ['trainer/checkpoint/safetensors.ts'] },
  'trainer/models': trainer(
    'trainer/architectures.ts',
    'trainer/nn',
    'trainer/graph',
    'trainer/checkpoint/safetensors.ts',
    'trainer/checkpoint/safetensors-writer.ts',
    'trainer/checkpoint/encode-values.ts',
    'trainer/data/random.ts',
  ),
  'trainer/lora': trainer(
    'trainer/nn',
    'trainer/graph',
    'trainer/models',
    'trainer/checkpoint',
    'trainer/data/random.ts',
  ),
  'trainer/checkpoint': trainer('trainer/optim'),
  'trainer/data': trainer(),
  // The table of tasks: every layer shows and asks by it, the window too.
  'trainer/data/tasks.ts': pure(),
  'trainer/metrics': trainer('trainer/data'),
  'trainer/session.ts': trainer(),
  'trainer/score.ts': trainer('trainer/context.ts', 'trainer/protocol.ts', 'trainer/data', 'trainer/metrics'),
  'trainer/worker.ts': recipe,
  // Every other file of the trainer is part of a recipe: finetune, evaluate, ask, doctor, generate, …
  trainer: recipe,
  'main/contract': {
    may: ['trainer/data/tasks.ts', 'trainer/shown-value.ts'],
    types: ['trainer/protocol.ts'],
    node: false,
  },
  'main/rpc': { may: ['main/contract'], node: false },
  'main/store': { may: ['main/contract'] },
  // Trainer processes, which runs, comparisons and chat all use; like the store it lies below the services.
  'main/trainers': { may: ['main/contract', 'trainer/protocol.ts'] },
  'main/home-folder.ts': { may: [] },
  'main/app-log.ts': { may: ['main/contract', 'main/store'] },
  // Reads what all services keep, without any of them: it has to work where they cannot.
  'main/support': { may: ['main/contract', 'main/store', 'main/app-log.ts'] },
  // Keeps the store's content as files beside it and makes a damaged store anew from them; no service knows of it.
  'main/recovery': { may: ['main/contract', 'main/store'] },
  'main/notices.ts': { may: ['main/contract', 'main/store'] },
  'main/read-only-app.ts': { may: ['main/contract', 'main/store', 'main/trainers'] },
  'main/engine.ts': { may: ['main/contract', 'main/runs', 'main/trainers', 'trainer/protocol.ts'] },
  ...Object.fromEntries(
    ['projects', 'datasets', 'models', 'runs', 'searches', 'evaluations', 'chat', 'export'].map((service) => [
      `main/${service}`,
      {
        may: [
          'main/contract',
          'main/store',
          'main/trainers',
          'trainer/protocol.ts',
          'trainer/parse-json.ts',
          'trainer/read-bounded.ts',
          'trainer/data',
          'trainer/metrics',
          // Files that are there whole or not at all.
          'trainer/checkpoint/write-atomic.ts',
        ],
      },
    ]),
  ),
  'main/sample-project.ts': {
    may: ['main/contract', 'main/projects', 'main/datasets'],
  },
  'main/app.ts': {
    may: ['main', 'trainer/protocol.ts', 'trainer/data'],
  },
  ...Object.fromEntries(
    ['electron', 'web', 'cli'].map((host) => [
      `main/hosts/${host}`,
      { may: ['main/app.ts', 'main/rpc', 'main/contract', 'main/hosts/window'] },
    ]),
  ),
  // The command line starts the local server, which has no program of its own.
  'main/hosts/cli/serving.ts': {
    may: ['main/app.ts', 'main/contract', 'main/hosts/cli', 'main/hosts/serve'],
  },
  'main/hosts/serve': { may: ['main/app.ts', 'main/contract'] },
  // What the hosts that show the window share: its files, its headers, the options it is started with.
  'main/hosts/window': { may: [] },
  'main/hosts/start': { may: ['main/hosts/window'] },
  renderer: {
    may: [
      'main/contract',
      'main/rpc/client.ts',
      'main/rpc/transport.ts',
      'main/rpc/preload-transport.ts',
      'main/rpc/web-socket-transport.ts',
    ],
    node: false,
  },
}

/** The folders that alone may import a package; every package must be listed. */
const packages: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': ['trainer/session.ts'],
  'onnxruntime-common': ['trainer/session.ts'],
  '@huggingface/tokenizers': ['trainer'],
  zod: ['trainer', 'main'],
  electron: ['main/hosts/electron'],
  sqlite3: ['main/store'],
  papaparse: ['main/datasets'],
  hyparquet: ['main/datasets'],
  'hyparquet-compressors': ['main/datasets'],
  unpdf: ['main/datasets'],
  mammoth: ['main/datasets'],
  '@mozilla/readability': ['main/datasets'],
  linkedom: ['main/datasets'],
  htmlparser2: ['main/datasets'],
  marked: ['main/datasets'],
  yauzl: ['main/datasets'],
  yazl: ['main/support'],
  chardet: ['main/datasets'],
  saxes: ['main/datasets'],
  'robots-parser': ['main/datasets'],
  'ipaddr.js': ['main/datasets'],
  systeminformation: ['main/models'],
  ws: ['main/hosts/web'],
  svelte: ['renderer'],
  'bits-ui': ['renderer'],
  uplot: ['renderer'],
  virtua: ['renderer'],
  '@lucide/svelte': ['renderer'],
}

interface Import {
  readonly from: string
  /** The specifier; null where it is computed. */
  readonly specifier: string | null
  readonly typeOnly: boolean
}

/** Every import of a source text: static, re-exported, dynamic, and `import('…')` types. */
function importsOf(from: string, text: string): Import[] {
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      const specifier = node.moduleSpecifier
      const typeOnly = ts.isImportDeclaration(node) ? isTypeImport(node.importClause) : node.isTypeOnly
      if (specifier && ts.isStringLiteral(specifier))
        found.push({ from, specifier: specifier.text, typeOnly })
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0]
      const specifier = argument && ts.isStringLiteralLike(argument) ? argument.text : null
      found.push({ from, specifier, typeOnly: false })
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const literal = node.argument.literal
      found.push({ from, specifier: ts.isStringLiteral(literal) ? literal.text : null, typeOnly: true })
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(from, text, ts.ScriptTarget.Latest))
  return found
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

/** The violations in a tree of sources, as sentences. */
function violationsIn(sources: ReadonlyMap<string, string>): string[] {
  const imports = [...sources].flatMap(([path, text]) => importsOf(path, text))
  return [...imports.flatMap((one) => violationOf(one) ?? []), ...cyclesAmong(imports)]
}

function violationOf({ from, specifier, typeOnly }: Import): string | undefined {
  if (specifier === null) return `${from} imports a computed path, which cannot be checked`
  const home = homeOf(from)
  const layer = home === undefined ? undefined : layers[home]
  if (home === undefined || !layer) return `${from} belongs to no layer`
  const forbidden = `${from} may not import ${specifier}`
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(from), specifier)
    if (target === 'trainer/worker.ts') return forbidden
    const allowed = [...layer.may, ...(typeOnly ? (layer.types ?? []) : []), home]
    return allowed.some((path) => isWithin(target, path)) ? undefined : forbidden
  }
  if (specifier.startsWith('node:') || builtinModules.includes(specifier))
    return layer.node === false ? forbidden : undefined
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const holders = packages[name]
  if (!holders) return `${forbidden}: the package stands in no row of this test`
  return holders.some((path) => isWithin(from, path)) ? undefined : forbidden
}

function homeOf(file: string): string | undefined {
  return Object.keys(layers)
    .filter((path) => isWithin(file, path))
    .sort((a, b) => b.length - a.length)[0]
}

function isWithin(path: string, folderOrFile: string): boolean {
  return path === folderOrFile || path.startsWith(`${folderOrFile}/`)
}

/** Cycles of files, types included; each is told once, from where the walk met it. */
function cyclesAmong(imports: readonly Import[]): string[] {
  const edges = new Map<string, string[]>()
  for (const { from, specifier } of imports)
    if (specifier?.startsWith('.'))
      edges.set(from, [...(edges.get(from) ?? []), posix.join(posix.dirname(from), specifier)])
  const cycles: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const walk = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      cycles.push(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
      return
    }
    state.set(file, 'open')
    for (const target of edges.get(file) ?? []) walk(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of edges.keys()) walk(file, [])
  return cycles
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

function sourcesUnder(folder: string): [string, string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => /\.(?:ts|svelte)$/.test(path))
    .map((path) => [path, scriptOf(path, readFileSync(join(root, path), 'utf8'))])
}

/** The script of a component; any other file as it is. */
function scriptOf(path: string, text: string): string {
  return path.endsWith('.svelte') ? (/<script[^>]*>([^]*?)<\/script>/.exec(text)?.[1] ?? '') : text
}

describe('layers', () => {
  test('no file imports what its layer may not', () => {
    const sources = new Map(['main', 'trainer', 'renderer'].flatMap(sourcesUnder))
    expect(sources.size).toBeGreaterThan(30)
    expect(violationsIn(sources)).toEqual([])
  })

  const planted: readonly [string, string, string][] = [
    ['trainer → main', 'trainer/finetune.ts', `import { createApp } from '../main/app.ts'`],
    ['graph → models', 'trainer/graph/node.ts', `export { t5 } from '../models/t5.ts'`],
    ['models → lora', 'trainer/models/t5.ts', `const lora = await import('../lora/wrap.ts')`],
    ['models → checkpoint beyond safetensors', 'trainer/models/t5.ts', `import '../checkpoint/resume.ts'`],
    ['onnxruntime outside session.ts', 'trainer/evaluate.ts', `import * as ort from 'onnxruntime-node'`],
    ['onnxruntime as a type', 'trainer/generate/greedy.ts', `let t: import('onnxruntime-node').Tensor`],
    ['anything → worker', 'trainer/finetune.ts', `import './worker.ts'`],
    ['a service → another', 'main/runs/start.ts', `import type { Model } from '../models/catalog.ts'`],
    ['a service → trainer', 'main/runs/start.ts', `import { finetune } from '../../trainer/finetune.ts'`],
    ['a host → a service', 'main/hosts/cli/train.ts', `import { prepareRun } from '../../runs/start-run.ts'`],
    ['a host → another', 'main/hosts/web/main.ts', `import { runCli } from '../cli/run-cli.ts'`],
    ['electron outside its host', 'main/hosts/cli/main.ts', `import { app } from 'electron'`],
    [
      'contract → trainer values',
      'main/contract/errors.ts',
      `export { TrainerError } from '../../trainer/protocol.ts'`,
    ],
    ['contract → node', 'main/contract/engine.ts', `import { join } from 'node:path'`],
    ['renderer → node', 'renderer/connect.ts', `import fs from 'fs'`],
    [
      'renderer → trainer',
      'renderer/state/run.ts',
      `import type { Report } from '../../trainer/protocol.ts'`,
    ],
    ['an unlisted package', 'main/runs/start.ts', `import lodash from 'lodash/merge'`],
    ['a computed path', 'trainer/finetune.ts', 'await import(`./models/${name}.ts`)'],
    ['a file of no layer', 'extra/tool.ts', `import './other.ts'`],
  ]
  test.each(planted)('the checker catches %s', (_name, path, text) => {
    expect(violationsIn(new Map([[path, text]]))).toHaveLength(1)
  })

  test('the checker catches a cycle, through types too', () => {
    const sources = new Map([
      ['trainer/data/a.ts', `import { b } from './b.ts'`],
      ['trainer/data/b.ts', `import type { C } from './c.ts'`],
      ['trainer/data/c.ts', `import { a } from './a.ts'`],
    ])
    expect(violationsIn(sources)).toEqual([
      'cycle: trainer/data/a.ts → trainer/data/b.ts → trainer/data/c.ts → trainer/data/a.ts',
    ])
  })

  test('the checker lets through what the table allows', () => {
    const sources = new Map([
      ['trainer/worker.ts', `const { finetune } = await import('./finetune.ts')`],
      [
        'trainer/finetune.ts',
        `import { readExamples } from './data/read.ts'\nimport { join } from 'node:path'`,
      ],
      ['trainer/session.ts', `import * as ort from 'onnxruntime-node'`],
      ['main/contract/engine-types.ts', `export type { Report } from '../../trainer/protocol.ts'`],
      ['main/app.ts', `import { startJob } from './trainers/trainer-job.ts'`],
    ])
    expect(violationsIn(sources)).toEqual([])
  })
})
