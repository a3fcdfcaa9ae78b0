/** What an npm lock file (version 3) says of one package. */
export interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** By place: `node_modules/ws`, `node_modules/tar-fs/node_modules/chownr`; the empty place is ours. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>

/** A package that reaches a person's machine with the app. */
export interface ShippedPackage {
  readonly place: string
  readonly name: string
  readonly version: string
  /** As SPDX writes it; null where the package names none. */
  readonly licence: string | null
}

/** What the built window is made of beside our own code: only its bundle is shipped, so these are no dependencies. */
export const windowPackages: readonly string[] = ['svelte', 'bits-ui', 'uplot', 'virtua', '@lucide/svelte']

/**
 * Every package that is shipped: our dependencies and what the window is bundled from, with all that they depend on.
 * That is more than what runs: build tools among the dependencies of others are in it.
 */
export function shippedPackages(packages: LockedPackages): readonly ShippedPackage[] {
  const own = packages[''] ?? {}
  const places = new Set<string>()
  const visit = (from: string, name: string): void => {
    const place = placeOf(packages, from, name)
    if (place === null || places.has(place)) return
    places.add(place)
    for (const one of namesOf(packages[place] ?? {})) visit(place, one)
  }
  for (const name of [
    ...Object.keys({ ...own.dependencies, ...own.optionalDependencies }),
    ...windowPackages,
  ])
    visit('', name)
  return [...places].sort().map((place) => {
    const { version = '', license } = packages[place] ?? {}
    return { place, name: nameOf(place), version, licence: license ?? null }
  })
}

function namesOf({ dependencies, optionalDependencies, peerDependencies }: LockedPackage): string[] {
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
}

/** Where Node finds a package from a place: beside it, or in a folder above; null where it is not installed. */
function placeOf(packages: LockedPackages, from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (packages[place]) return place
    if (at === '') return null
  }
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
