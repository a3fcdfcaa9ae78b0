// The page's half of contextBridge: functions that call into the preload's world by events, which are synchronous.
;(() => {
  const callbacks = new Map()
  const waiting = new Map()
  let last = 0
  let reply
  const fire = (type, detail) => window.dispatchEvent(new CustomEvent(type, { detail }))
  const outgoing = (arg) => {
    if (typeof arg !== 'function') return arg
    callbacks.set(++last, arg)
    return { callback: last }
  }
  const call = (path, args) => {
    reply = undefined
    fire('stand-in-call', { path, args: args.map(outgoing) })
    const { promise, error, value } = reply
    if (promise !== undefined)
      return new Promise((resolve, reject) => waiting.set(promise, { resolve, reject }))
    if (error !== undefined) throw new Error(error)
    return value
  }
  const build = (shape, path) => {
    if (shape === 'function') return (...args) => call(path, args)
    if (!shape.of) return shape.value
    return Object.freeze(Object.fromEntries(shape.of.map(([key, one]) => [key, build(one, [...path, key])])))
  }
  window.addEventListener('stand-in-expose', ({ detail: { key, shape } }) => {
    if (!(key in window)) Object.defineProperty(window, key, { value: build(shape, [key]), enumerable: true })
  })
  window.addEventListener('stand-in-reply', ({ detail }) => (reply = detail))
  window.addEventListener('stand-in-settle', ({ detail: { id, value, error } }) => {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error !== undefined) reject(new Error(error))
    else resolve(value)
  })
  window.addEventListener('stand-in-callback', ({ detail: { id, values } }) => callbacks.get(id)?.(...values))
  fire('stand-in-hello', null)
})()
