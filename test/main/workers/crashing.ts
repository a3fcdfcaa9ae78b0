/** A worker that dies while it works: by an exit code, or by the signal that its question names. */
import type { Command } from '../../../trainer/protocol.ts'

process.on('message', (command: Command) => {
  process.stderr.write('first words\nlast words\n')
  if (command.kind === 'ask' && command.question.startsWith('SIG'))
    process.kill(process.pid, command.question)
  else if (command.kind === 'train')
    process.send?.({ type: 'checkpoint', step: 5, path: 'x' }, () => process.exit(7))
  else process.exit(7)
})
