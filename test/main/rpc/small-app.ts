import { z } from 'zod'
import { AppError } from '../../../main/contract/errors.ts'
import type { CallContext } from '../../../main/contract/methods.ts'
import type { HostedApp } from '../../../main/rpc/hosted-app.ts'
import { errorValue } from '../../../main/rpc/error-value.ts'

interface Method<A, R, E = never> {
  readonly args: A
  readonly result: R
  readonly event: E
}

/** A contract small enough to be seen at once, for tests of the RPC and of the hosts. */
export interface SmallMethods {
  readonly echo: Method<{ readonly text: string }, { readonly text: string }>
  readonly count: Method<{ readonly to: number }, { readonly counted: number }, number>
  readonly watch: Method<Record<string, never>, never, { readonly started: number }>
  readonly fail: Method<{ readonly how: string }, null>
  readonly fill: Method<{ readonly length: number }, string>
}

const smallChecks = {
  echo: z.strictObject({ text: z.string() }),
  count: z.strictObject({ to: z.int().min(0).max(100_000) }),
  watch: z.strictObject({}),
  fail: z.strictObject({ how: z.string() }),
  fill: z.strictObject({ length: z.int() }),
}

export interface SmallState {
  watchers: number
  started: number
  disposed: boolean
}

function smallHandlers(state: SmallState) {
  return {
    echo: (args: { readonly text: string }) => Promise.resolve({ text: args.text }),
    count: async (args: { readonly to: number }, { emit, signal }: CallContext<number>) => {
      for (let n = 1; n <= args.to; n += 1) {
        signal.throwIfAborted()
        emit(n)
        if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      return { counted: args.to }
    },
    watch: (_args: Record<string, never>, { emit, signal }: CallContext<{ started: number }>) => {
      state.started += 1
      state.watchers += 1
      emit({ started: state.started })
      return new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          state.watchers -= 1
          reject(signal.reason as Error)
        })
      })
    },
    fail: ({ how }: { readonly how: string }): Promise<null> => {
      if (how === 'known')
        return Promise.reject(new AppError('project_missing', 'There is no such project.', { id: 7 }))
      return Promise.reject(new Error('the cat sat on it'))
    },
    fill: ({ length }: { readonly length: number }) => Promise.resolve('x'.repeat(length)),
  }
}

export function smallApp(
  state: SmallState = { watchers: 0, started: 0, disposed: false },
  more: Partial<HostedApp> = {},
): HostedApp {
  return {
    handlers: smallHandlers(state),
    checks: smallChecks,
    toErrorValue: errorValue,
    findDownload: () => Promise.resolve(undefined),
    activeRun: () => undefined,
    dispose: () => {
      state.disposed = true
      return Promise.resolve()
    },
    ...more,
  }
}
