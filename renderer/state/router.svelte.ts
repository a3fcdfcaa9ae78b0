import { formatRoute, parseRoute } from '../routes.ts'
import type { Route } from '../routes.ts'

let route = $state.raw<Route>(parseRoute(location.hash))

addEventListener('hashchange', () => {
  route = parseRoute(location.hash)
})

/** The route that is shown; `router.route` is reactive. */
export const router = {
  get route(): Route {
    return route
  },
}

export function navigate(to: Route): void {
  location.hash = formatRoute(to)
}
