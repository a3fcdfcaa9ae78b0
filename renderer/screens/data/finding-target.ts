/** Where what was found can be seen or changed. */
export type FindingTarget =
  | { readonly tab: 'problems'; readonly kind: string | undefined }
  | { readonly tab: 'splits' | 'passages' | 'sources' }

/** Findings that no kind of problem stands behind, and the tab where something can be done. */
const tabs: Readonly<Record<string, 'problems' | 'splits' | 'passages' | 'sources'>> = {
  nothing_to_train: 'splits',
  nothing_held_out: 'splits',
  nothing_to_test: 'splits',
  nothing_to_validate: 'splits',
  one_document: 'splits',
  split_leak: 'splits',
  rejected: 'problems',
  doubled: 'sources',
  no_questions: 'passages',
  too_few: 'passages',
  few: 'passages',
}

/** The tab that a finding leads to; null where none shows more than its sentence. */
export function findingTarget(
  kind: string,
  { kinds, hasPassages }: { readonly kinds: readonly string[]; readonly hasPassages: boolean },
): FindingTarget | null {
  if (kinds.includes(kind)) return { tab: 'problems', kind }
  const tab = Object.hasOwn(tabs, kind) ? tabs[kind] : undefined
  if (tab === undefined || (tab === 'passages' && !hasPassages)) return null
  return tab === 'problems' ? { tab, kind: undefined } : { tab }
}
