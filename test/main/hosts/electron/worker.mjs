// A utility process that answers one message, and ends by itself where that says so.
process.parentPort.on('message', ({ data }) => {
  process.stderr.write('first line\nlast line\n')
  process.parentPort.postMessage({ got: data })
  if (data.keep) setTimeout(() => process.exit(3), 50)
})
