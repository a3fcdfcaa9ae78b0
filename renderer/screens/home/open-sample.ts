import { host } from '../../connect.ts'
import { navigate } from '../../state/router.svelte.ts'
import { showError } from '../../state/toasts.svelte.ts'

/** Makes the sample project where it is not there, and opens it ready to train. */
export async function openSample(): Promise<void> {
  try {
    const { id } = await host.call('projects.createSample', {})
    navigate({ name: 'step', projectId: id, step: 'train', runId: null })
  } catch (thrown) {
    showError(thrown)
  }
}
