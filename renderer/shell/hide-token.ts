/**
 * Takes the token of the web host out of the address bar, where it would be read over a shoulder or copied along
 * with a link: the cookie that came with the page stands for it from then on.
 */
export function hideToken(): void {
  const url = new URL(location.href)
  if (!url.searchParams.has('token')) return
  url.searchParams.delete('token')
  history.replaceState(history.state, '', url)
}
