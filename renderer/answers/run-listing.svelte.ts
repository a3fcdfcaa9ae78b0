import type { RunInfo } from '../../main/contract/runs.ts'
import { host } from '../connect.ts'
import { t } from '../messages/translate.ts'
import { project } from '../state/project.svelte.ts'
import { resource } from '../state/resource.svelte.ts'
import type { Resource } from '../state/resource.svelte.ts'
import { navigate, router } from '../state/router.svelte.ts'
import { toast } from '../state/toasts.svelte.ts'

/** The runs of a project that a screen can show, and the one that its address names. */
export interface RunListing {
  readonly listed: Resource<readonly RunInfo[]>
  /** Undefined until they are loaded. */
  readonly runs: readonly RunInfo[] | undefined
  /** Null where the address names none. */
  readonly wanted: string | null
}

/**
 * Lists a project's runs, those that `choose` lets through. An address with a run that is not among them is set right,
 * and said. Called while a component is made.
 */
export function runListing(
  projectId: string,
  choose: (runs: readonly RunInfo[]) => readonly RunInfo[],
): RunListing {
  const listed = resource((signal) => host.call('runs.list', { projectId }, { signal }), {
    topics: ['runs'],
    projectId: () => projectId,
  })
  const runs = $derived(listed.value && choose(listed.value))
  const wanted = $derived(router.route.name === 'step' ? router.route.runId : null)

  $effect(() => {
    const { route } = router
    if (route.name !== 'step' || route.projectId !== project.id) return
    if (wanted === null || !runs || runs.some(({ id }) => id === wanted)) return
    toast(t('common.runNotHere'))
    navigate({ ...route, runId: null })
  })

  return {
    get listed() {
      return listed
    },
    get runs() {
      return runs
    },
    get wanted() {
      return wanted
    },
  }
}
