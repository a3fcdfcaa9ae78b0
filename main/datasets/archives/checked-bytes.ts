import { Transform } from 'node:stream'
import { crc32 } from 'node:zlib'

/**
 * Passes bytes on and holds them against what an archive says of them.
 *
 * @param bytes how many there must be; it fails as soon as there are more
 * @param checksum their CRC-32
 * @param damaged makes the error from what is wrong
 */
export function checkedBytes(bytes: number, checksum: number, damaged: (fault: string) => Error): Transform {
  let seen = 0
  let crc = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen > bytes) {
        done(damaged('it holds more than the archive says'))
        return
      }
      crc = crc32(chunk, crc)
      done(null, chunk)
    },
    flush(done) {
      if (seen < bytes) done(damaged('it holds less than the archive says'))
      else if (crc !== checksum) done(damaged('its checksum is wrong'))
      else done()
    },
  })
}
