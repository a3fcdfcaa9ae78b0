import { readFormats } from './formats.ts'
import type { FileFormat } from './formats.ts'

/** Formats that are read and not text, by their first bytes as Latin-1; ZIP is looked into. */
const readSignatures: readonly { readonly magic: RegExp; readonly is: FileFormat | 'zip' }[] = [
  { magic: /^PAR1/, is: { kind: 'dataset', format: 'parquet' } },
  // White space or a byte order mark before the mark are about, and readers forgive them.
  { magic: /^(?:\xef\xbb\xbf)?\s{0,16}%PDF-/, is: { kind: 'documents', format: 'pdf' } },
  { magic: /^PK(?:\x03\x04|\x05\x06)/, is: 'zip' },
]

interface Refused {
  /** By extension, for files whose first bytes say nothing; without dots. */
  readonly extensions: string
  readonly magic: RegExp | null
  readonly name: string
  readonly wayOut: string
}

const ole2 = /^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/
const legacyWay = 'Open it and save it as'

/** Formats that are known but not read, with the way out; of several with the same first bytes the name decides. */
const refusedFormats: readonly Refused[] = [
  {
    extensions: 'xls xlt xla',
    magic: ole2,
    name: 'an Excel 97–2003 workbook',
    wayOut: `${legacyWay} XLSX or CSV`,
  },
  {
    extensions: 'doc dot',
    magic: ole2,
    name: 'a Word 97–2003 document',
    wayOut: `${legacyWay} DOCX or plain text`,
  },
  {
    extensions: 'ppt pps',
    magic: ole2,
    name: 'a PowerPoint 97–2003 file',
    wayOut: 'Save its text as a text file',
  },
  { extensions: 'msg', magic: ole2, name: 'a mail of Outlook', wayOut: 'Save it as text or HTML' },
  {
    extensions: 'xlsx xlsm docx docm',
    magic: ole2,
    name: 'an Office file that is locked with a password',
    wayOut: 'Open it, remove the password and save it again',
  },
  {
    extensions: '',
    magic: ole2,
    name: 'an Office 97–2003 file',
    wayOut: `${legacyWay} XLSX, DOCX or plain text`,
  },
  {
    extensions: 'rtf',
    magic: /^\{\\rtf/,
    name: 'a Rich Text (RTF) document',
    wayOut: `${legacyWay} DOCX or plain text`,
  },
  {
    extensions: 'pages',
    magic: null,
    name: 'a Pages document',
    wayOut: 'Export it as DOCX, PDF or plain text',
  },
  { extensions: 'numbers', magic: null, name: 'a Numbers spreadsheet', wayOut: 'Export it as XLSX or CSV' },
  {
    extensions: 'key',
    magic: null,
    name: 'a Keynote presentation',
    wayOut: 'Export it as PDF or its text as a text file',
  },
  {
    extensions: 'mobi azw azw3',
    magic: /^[^]{60}BOOKMOBI/,
    name: 'an e-book for Kindle',
    wayOut: 'Convert it to EPUB or text',
  },
  { extensions: 'djvu', magic: /^AT&TFORM/, name: 'a DjVu file', wayOut: 'Convert it to PDF or text' },
  {
    extensions: 'arrow feather',
    magic: /^(?:ARROW1|FEA1|\xff\xff\xff\xff[^]{3}\x00\x10)/,
    name: 'an Arrow file',
    wayOut: 'Export it as Parquet, CSV or JSONL',
  },
  {
    extensions: 'parquet',
    magic: /^PARE/,
    name: 'an encrypted Parquet file',
    wayOut: 'Export it without encryption',
  },
  { extensions: 'orc', magic: /^ORC/, name: 'an ORC file', wayOut: 'Export it as Parquet, CSV or JSONL' },
  { extensions: 'avro', magic: /^Obj\x01/, name: 'an Avro file', wayOut: 'Export it as Parquet or JSONL' },
  {
    extensions: 'sqlite db sqlite3',
    magic: /^SQLite format 3\0/,
    name: 'an SQLite database',
    wayOut: 'Export the table that is wanted as CSV or JSONL',
  },
  {
    extensions: 'pkl pickle pt npy npz h5 hdf5',
    magic: /^(?:\x80[\x02-\x05]|\x93NUMPY|\x89HDF)/,
    name: 'a file of a program’s own objects',
    wayOut: 'Export its data as Parquet, CSV or JSONL',
  },
  {
    extensions: 'gz tgz bz2 xz zst 7z rar tar lz4 zipx',
    magic:
      /^(?:\x1f\x8b|BZh\d|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf\x27\x1c|Rar!\x1a|\x04\x22\x4d\x18|[^]{257}ustar)/,
    name: 'a packed file',
    wayOut: 'Unpack it and take the files in it, or pack them as ZIP',
  },
  {
    extensions: 'png jpg jpeg gif webp tif tiff bmp ico heic avif psd',
    magic:
      /^(?:\x89PNG|\xff\xd8\xff|GIF8|II\*\x00|MM\x00\*|RIFF[^]{4}WEBP|BM[^]{4}\x00\x00\x00\x00|[^]{4}ftyp(?:heic|avif|mif1)|8BPS)/,
    name: 'an image',
    wayOut: 'Take a file with text; pictures of text need text recognition first',
  },
  {
    extensions: 'mp3 mp4 m4a wav avi mov mkv webm ogg flac',
    magic: /^(?:ID3|\xff[\xfb\xf3\xf2]|[^]{4}ftyp|RIFF[^]{4}(?:WAVE|AVI )|OggS|fLaC|\x1a\x45\xdf\xa3)/,
    name: 'a recording',
    wayOut: 'Take a file with text; speech needs a transcript first',
  },
  {
    extensions: 'exe dll so dylib bin class wasm',
    magic: /^(?:MZ[^]{58}|\x7fELF|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|\x00asm)/,
    name: 'a program',
    wayOut: 'Take a file with text',
  },
]

/** Longest of the signatures above. */
const signatureBytes = 300

/** What the first bytes say; null where they are those of no known format, as text's are. */
export function formatBySignature(
  head: Buffer,
  extension: string,
): FileFormat | 'zip' | { readonly refused: string } | null {
  const latin = head.toString('latin1', 0, signatureBytes)
  const read = readSignatures.find(({ magic }) => magic.test(latin))
  if (read) return read.is
  // A PDF may begin up to a kilobyte later; only where the name says that it is one, for texts speak of PDF.
  if (extension === '.pdf' && head.toString('latin1', 0, 1024).includes('%PDF-'))
    return { kind: 'documents', format: 'pdf' }
  const found = refusedFormats.filter(({ magic }) => magic?.test(latin))
  const named = found.find(({ extensions }) => isAmong(extension, extensions)) ?? found.at(-1)
  return named ? { refused: refusal(named) } : null
}

/** Why a file that is no text cannot be read, by its extension alone; null where that says nothing. */
export function refusalByExtension(extension: string): string | null {
  const named = refusedFormats.find(({ extensions }) => isAmong(extension, extensions))
  return named ? refusal(named) : null
}

function isAmong(extension: string, names: string): boolean {
  return extension !== '' && names.split(' ').includes(extension.slice(1))
}

function refusal({ name, wayOut }: Refused): string {
  return `is ${name}, which this version does not read. ${wayOut}. ${readFormats}`
}
