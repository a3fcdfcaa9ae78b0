import type { TableFormat } from './formats.ts'

export type { TableFormat } from './formats.ts'

/** A finding about how a file could be read; what is wrong with a single row is the row's `fault`. */
export interface ReadingProblem {
  readonly kind:
    | 'encoding_guessed' // neither UTF-8 nor a byte order mark: the charset was guessed
    | 'encoding_damaged' // some bytes are no UTF-8, or NUL, and became U+FFFD
    | 'file_cut_off' // the file ends in the middle of a record
    | 'column_left_out' // a column whose type is not read
    | 'header_missing' // the first row is data: columns were numbered
    | 'header_mended' // empty or repeated column names were made distinct
    | 'row_faulty' // a row that cannot be read, in an inspection
    | 'rows_missing' // a header and nothing below it
    | 'document_empty' // no text was found
    | 'part_unreadable' // a page or chapter of a document that was left out
  /** A place in the file; empty where it concerns the file as a whole. */
  readonly where: string
  readonly message: string
}

export interface TableRow {
  /** `row 17` (the header is row 1), `line 18`, `[17]`, `data[17]`, or a SQuAD place. */
  readonly where: string
  /** Why the row cannot be read, or null. */
  readonly fault: string | null
  /** Cells by column name; text for CSV and TSV, any JSON value otherwise; absent cells are left out. */
  readonly values: Readonly<Record<string, unknown>>
  /** About how many bytes of the file lie before the end of this row: `end / bytes` is the progress. */
  readonly end: number
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  /** Takes findings about the file as a whole as they are made. */
  readonly onProblem?: ((problem: ReadingProblem) => void) | undefined
}

/** A data file that was opened: its columns are known from its head, its rows are read on demand. */
export interface Table {
  readonly format: TableFormat
  /** Sheets of a workbook, lists of a JSON file by their paths; empty where there is one table alone. */
  readonly tables: readonly string[]
  /** The one of `tables` that was opened. */
  readonly table: string | null
  /** Names of cells, and paths into cells that hold lists and objects (`answers.text`, `qas[].question`). */
  readonly columns: readonly string[]
  readonly bytes: number
  /** Number of rows where the file says it (Parquet) or had to be read whole (JSON), else null. */
  readonly rowCount: number | null
  /** What was found while opening. */
  readonly problems: readonly ReadingProblem[]
  /**
   * Reads the rows from the start, each time it is called; leaving the loop closes the file. Findings that
   * `problems` lists already are not given to `onProblem` again.
   *
   * @throws AppError `cancelled` when the signal is aborted.
   */
  rows(options?: ReadOptions): AsyncIterable<TableRow>
}

export interface OpenOptions extends ReadOptions {
  /** Of a file with several tables the one to open; the reader's choice where null. */
  readonly table?: string | null | undefined
}

/** Opens a file of one format. */
export type TableReader = (file: { path: string; bytes: number }, options: OpenOptions) => Promise<Table>
