import type { Command, ProviderCheck, Report } from '../../../../trainer/protocol.ts'

type CheckCommand = Extract<Command, { readonly kind: 'check-provider' }>
export type Send = (report: Report) => Promise<void>

/** What a check says of a provider that is right. */
export function right(provider: ProviderCheck['provider'], stepMs: number): ProviderCheck {
  return {
    provider,
    status: 'right',
    available: true,
    float16: provider !== 'cpu',
    gradientError: 1e-6,
    stepMs,
    message: '',
  }
}

/**
 * A trainer process that tells of the machine without checking its CPU, and does with a provider what `check` does, as
 * a driver might.
 */
export function serveChecks(check: (command: CheckCommand, send: Send) => Promise<void>): void {
  const send: Send = (report) =>
    new Promise((resolve) => process.send?.(report, undefined, {}, () => resolve()))
  process.on('message', (command: Command) => {
    void (async () => {
      if (command.kind === 'doctor')
        await send({
          type: 'result',
          kind: 'doctor',
          versions: { onnxruntime: '0' },
          processor: 'a processor',
          cores: 1,
          memoryMb: 1,
          freeMemoryMb: 1,
          providers: [right('cpu', 100)],
        })
      else if (command.kind === 'check-provider') await check(command, send)
      process.exit(0)
    })()
  })
}
