/** How a project's examples are divided, as plain data. */

export const splitNames = ['train', 'validation', 'test'] as const
export type SplitName = (typeof splitNames)[number]

/** How large a split should be: a share of the examples without a split of their own, or so many of them. */
export type SplitSize = { readonly fraction: number } | { readonly count: number }

export interface Splits {
  readonly seed: number
  readonly validation: SplitSize
  readonly test: SplitSize
  readonly counts: Readonly<Record<SplitName, number>>
  readonly groups: Readonly<Record<SplitName, number>>
  /** What is kept together: documents or articles (group), or single contexts where there is one group. */
  readonly level: 'group' | 'context' | 'none'
  /** Where a size could not be had as it was asked for, a sentence with the reason. */
  readonly note: string | null
}
