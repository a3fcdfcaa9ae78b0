// Plain data as text, with undefined and errors: what Electron's structured cloning carries of our messages.
;((scope) => {
  const encode = (value) => {
    if (value === undefined) return { $: 'undefined' }
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new Error('An object could not be cloned.')
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map(encode)
    return { $: 'object', of: Object.entries(value).map(([key, one]) => [key, encode(one)]) }
  }
  const decode = (value) => {
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map(decode)
    if (value.$ === 'undefined') return undefined
    return Object.fromEntries(value.of.map(([key, one]) => [key, decode(one)]))
  }
  scope.standInCodec = {
    encode: (value) => JSON.stringify(encode(value)),
    decode: (text) => decode(JSON.parse(text)),
  }
})(globalThis)
