// The preload's world: what a sandboxed preload sees of electron. `standInFiles`, `standInSend` and the codec are there.
globalThis.standInElectron = (() => {
  const fire = (type, detail) => window.dispatchEvent(new CustomEvent(type, { detail }))
  const exposed = {}
  const exposures = []
  const invocations = new Map()
  const listeners = new Map()
  let last = 0

  const shapeOf = (value) => {
    if (typeof value === 'function') return 'function'
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return { value }
    return { of: Object.entries(value).map(([key, one]) => [key, shapeOf(one)]) }
  }
  const settle = (id, promise) =>
    promise.then(
      (value) => fire('stand-in-settle', { id, value }),
      (thrown) => fire('stand-in-settle', { id, error: String(thrown.message) }),
    )
  window.addEventListener('stand-in-hello', () =>
    exposures.forEach((exposure) => fire('stand-in-expose', exposure)),
  )
  window.addEventListener('stand-in-call', ({ detail }) => {
    const args = detail.args.map((arg) =>
      arg && arg.callback ? (...values) => fire('stand-in-callback', { id: arg.callback, values }) : arg,
    )
    try {
      const value = detail.path.reduce((object, key) => object[key], exposed)(...args)
      if (value && typeof value.then === 'function') {
        const id = ++last
        fire('stand-in-reply', { promise: id })
        void settle(id, value)
      } else fire('stand-in-reply', { value })
    } catch (thrown) {
      fire('stand-in-reply', { error: String(thrown.message) })
    }
  })

  const post = (message) => standInSend(standInCodec.encode(message))
  globalThis.standInReceive = (text) => {
    const message = standInCodec.decode(text)
    if (message.kind === 'message')
      listeners.get(message.channel)?.forEach((listener) => listener({ ports: [] }, ...message.args))
    else {
      const waiting = invocations.get(message.id)
      invocations.delete(message.id)
      if (message.error !== undefined) waiting.reject(new Error(message.error))
      else waiting.resolve(message.value)
    }
  }
  return {
    contextBridge: {
      exposeInMainWorld: (key, object) => {
        exposed[key] = object
        const exposure = { key, shape: shapeOf(object) }
        exposures.push(exposure)
        fire('stand-in-expose', exposure)
      },
    },
    ipcRenderer: {
      send: (channel, ...args) => post({ kind: 'send', channel, args }),
      invoke: (channel, ...args) =>
        new Promise((resolve, reject) => {
          const id = ++last
          invocations.set(id, { resolve, reject })
          post({ kind: 'invoke', id, channel, args })
        }),
      on: (channel, listener) => {
        if (!listeners.has(channel)) listeners.set(channel, new Set())
        listeners.get(channel).add(listener)
      },
      removeListener: (channel, listener) => listeners.get(channel)?.delete(listener),
    },
    webUtils: {
      // A page's file has no path: it is known again by its name and size, a folder by its name.
      getPathForFile: (file) =>
        standInFiles.find(({ name, size }) => name === file.name && (size === null || size === file.size))
          ?.path ?? '',
    },
  }
})()
