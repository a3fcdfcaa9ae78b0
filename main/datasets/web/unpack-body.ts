import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { failed } from './address.ts'

type Unpack = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

/** By the name in `Content-Encoding`; some servers leave out the envelope of zlib that `deflate` means. */
const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  deflate: (body, options) => promisify(((body[0] ?? 0) & 0x0f) === 8 ? inflate : inflateRaw)(body, options),
  identity: (body) => Promise.resolve(body),
}

/**
 * Undoes the packing of a body.
 *
 * @param most bytes that may come out; zlib stops with `ERR_BUFFER_TOO_LARGE` where there are more
 * @throws AppError `web_failed` for a packing that was not asked for, zlib's errors for a damaged one
 */
export async function unpackBody(body: Buffer, encoding: string, most: number): Promise<Buffer> {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length > 3)
    throw failed('The site packs its pages in a way that is not read. Save the page as a file.')
  let unpacked = body
  for (const name of names.reverse()) {
    const unpack = Object.hasOwn(unpackers, name) ? unpackers[name] : undefined
    if (!unpack)
      throw failed(
        'The site packs its pages in a way that is not read. Save the page as a file and drop that.',
      )
    if (unpacked.length > 0) unpacked = await unpack(unpacked, { maxOutputLength: most })
  }
  return unpacked
}
