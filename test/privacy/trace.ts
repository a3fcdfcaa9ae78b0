/**
 * The journey of the command line, each process and thread of it under strace, native code included, in a network of its
 * own that leads nowhere: prints what was tried on which kind of socket, and fails where anything but this machine's own
 * sockets was. At the end a web page is asked for, which must be seen. Linux, with strace and unshare.
 *
 *   npm run build && npm exec -- node test/privacy/trace.ts
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const repository = join(import.meta.dirname, '..', '..')
const sample = join(repository, 'assets', 'sample')
const starter = join(repository, 'assets', 'starter')
const folder = await mkdtemp(join(tmpdir(), 'loracle-trace-'))

const journey: readonly (readonly string[])[] = [
  ['project', 'create', 'Trace'],
  ['import', join(sample, 'documents'), join(sample, 'train.json'), '--project', 'Trace'],
  ['train', '--project', 'Trace', '--model', starter, '--set', 'maxSteps=3', 'evaluationBatchSize=32'],
  ['ask', '--project', 'Trace', '--question', 'How long must a memorized secret be?'],
  ['export-data', '--project', 'Trace', '--format', 'jsonl', '--folder', folder],
  ['export', '--model', starter, '--format', 'onnx', '--out', join(folder, 'onnx')],
  ['doctor', '--support', '--out', join(folder, 'support.zip')],
]

/** Socket families by the name that strace gives them, with how often each was used, in one command. */
async function traced(
  args: readonly string[],
): Promise<{ families: Map<string, number>; lines: string[]; code: number | null }> {
  const log = join(folder, 'trace')
  const calls = 'trace=connect,sendto,sendmsg,sendmmsg,bind'
  const { status } = spawnSync(
    'unshare',
    [
      '-rn',
      'strace',
      '-f',
      '-qq',
      '-e',
      calls,
      '-e',
      'signal=none',
      '-o',
      log,
      process.execPath,
      'out/main/cli.js',
      ...args,
    ],
    {
      cwd: repository,
      env: { PATH: process.env['PATH'], HOME: folder, LORACLE_HOME: join(folder, 'home') },
      stdio: 'ignore',
    },
  )
  const families = new Map<string, number>()
  const lines: string[] = []
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const family = /sa_family=(AF_\w+)/.exec(line)?.[1]
    if (family === undefined) continue
    families.set(family, (families.get(family) ?? 0) + 1)
    if (family.startsWith('AF_INET')) lines.push(line)
  }
  return { families, lines, code: status }
}

let failed = false
try {
  for (const args of journey) {
    const { families, lines, code } = await traced(args)
    const shown = [...families].map(([family, count]) => `${family} ${count}`).join(', ') || 'no sockets'
    process.stdout.write(`${args.slice(0, 2).join(' ').slice(0, 40).padEnd(42)} exit ${code}  ${shown}\n`)
    for (const line of lines) process.stdout.write(`  ${line}\n`)
    failed ||= code !== 0 || lines.length > 0
  }
  // Node's resolver asks in threads of its own: what it tries is seen here, or nothing above could have been.
  const { lines } = await traced(['inspect', 'https://leaflets.example/guide/'])
  process.stdout.write(`a web page, asked for: ${lines.length} tries seen\n`)
  failed ||= lines.length === 0
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(failed ? 'FAILED\n' : 'nothing was tried but what was asked for\n')
process.exitCode = failed ? 1 : 0
