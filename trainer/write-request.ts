import { encodePrompt, fitFront } from './data/windows.ts'
import { TrainerError } from './errors.ts'
import { requireGenerative } from './generate/answering-session.ts'
import { kindOf } from './kinds/kinds.ts'
import type { ModelKeeper } from './loaded-model.ts'
import { openRequest } from './open-request.ts'
import type { WriteRequest, WrittenReport } from './protocol.ts'
import type { Settings } from './settings.ts'
import { writeTexts } from './write-texts.ts'

/**
 * Writes a text for each prompt of a request, in order.
 *
 * @throws TrainerError `usage` for a request without a prompt or with an empty one, `setting_invalid`, `cancelled`,
 * and what opening the model and the adapter throws.
 */
export async function writeRequest(
  models: ModelKeeper,
  request: WriteRequest,
  options: {
    readonly settings: Settings
    readonly signal: AbortSignal
    /** Pieces of the text as it is written, of a request with one prompt. */
    readonly onText?: (piece: string) => void
  },
): Promise<Omit<WrittenReport, 'type' | 'id'>> {
  const started = performance.now()
  if (request.prompts.length === 0 || request.prompts.some((prompt) => prompt.trim() === ''))
    throw new TrainerError('usage', 'There is no prompt, or an empty one. Give a text for each.', {
      part: 'prompts',
    })
  const { loaded, text, settings } = await openRequest(models, request, options.settings)
  const { tokenizer, maxSourceLength } = text
  const session = requireGenerative(loaded.session)
  const { prompts: form = null } = kindOf(text.model.architecture)
  if (!form) throw new Error('A model that writes texts has a form for its prompts.')
  const adapter = await loaded.adapter(request.adapter)
  const encode = (prompt: string) => encodePrompt({ tokenizer, form }, prompt)
  const fitting = request.prompts.map((prompt) =>
    fitFront(tokenizer, prompt, (front) => encode(front).length <= maxSourceLength, {
      most: maxSourceLength,
    }),
  )
  const texts = await writeTexts(session, text, fitting.map(encode), {
    settings,
    adapter,
    signal: options.signal,
    ...(options.onText ? { onText: options.onText } : {}),
  })
  return {
    texts: texts.map((written, i) => ({ ...written, promptCut: fitting[i] !== request.prompts[i] })),
    seconds: (performance.now() - started) / 1000,
  }
}
