import { AppError } from '../contract/errors.ts'

/** What went wrong while exporting to `place`, as an error for a person. What was half written is gone by then. */
export function exportFailure(thrown: unknown, place: string): unknown {
  if (thrown instanceof AppError || !(thrown instanceof Error)) return thrown
  const { code, path } = thrown as Error & { code?: unknown; path?: unknown }
  const details = { place, path: typeof path === 'string' ? path : '', errno: String(code) }
  switch (code) {
    case 'ABORT_ERR':
      return cancelledExport()
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError(
        'disk_full',
        `The disk is full: there was no room left in ${place}. Free some space or choose another folder, and export again; nothing half written was left behind.`,
        details,
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError(
        'write_failed',
        `${details.path || place} cannot be written to. Choose another folder, or change its permissions, and export again.`,
        details,
      )
    case 'ENOTDIR':
    case 'EEXIST':
      return new AppError(
        'export_failed',
        `${place} cannot be a folder: a file is in the way. Choose another folder.`,
        details,
      )
    case 'ENAMETOOLONG':
      return new AppError(
        'export_failed',
        `The name of the file would be too long in ${place}. Choose a folder with a shorter path, or rename the run.`,
        details,
      )
    case 'ENOENT':
      if (details.path.startsWith(place))
        return new AppError(
          'export_failed',
          `The folder ${place} cannot be made, or was taken away meanwhile. Choose another folder.`,
          details,
        )
      return new AppError(
        'file_missing',
        `${details.path || 'A file of the run'} is no longer there, so it cannot be exported. Train the run again, or put the file back.`,
        details,
      )
    default:
      return typeof code === 'string'
        ? new AppError(
            'export_failed',
            `Nothing was exported to ${place}: ${thrown.message}. Try again, or choose another folder.`,
            details,
          )
        : thrown
  }
}

export function cancelledExport(): AppError {
  return new AppError('cancelled', 'The export was stopped. Nothing of it is left.')
}
