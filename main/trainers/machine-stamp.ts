import { createHash } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'

/** Where drivers lie; one that is installed or removed changes the time of its folder. */
const driverFolders: Partial<Readonly<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/dev/dri'],
  win32: [join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'DriverStore', 'FileRepository')],
}
/** What chooses among drivers. */
const driverVariables = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'CUDA_VISIBLE_DEVICES', 'DRI_PRIME'] as const

/**
 * A digest of what decides how execution providers compute here: the version of ONNX Runtime, the system, the processor
 * and the graphics drivers. Taken from files and names alone, in a few milliseconds.
 */
export async function machineStamp(): Promise<string> {
  const folders = driverFolders[platform()] ?? []
  const parts = [
    await runtimeVersion(),
    [platform(), arch(), release(), totalmem()],
    cpus().map(({ model }) => model),
    await Promise.all(folders.map(folderStamp)),
    await textOf('/proc/driver/nvidia/version'),
    driverVariables.map((name) => process.env[name] ?? ''),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

async function folderStamp(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => null)
  const names = found && platform() === 'linux' ? await readdir(folder).catch(() => []) : []
  const files = await Promise.all(names.sort().map((name) => stat(join(folder, name)).catch(() => null)))
  // A device file's time changes with every start of the system, its name and number do not.
  return JSON.stringify([
    folder.startsWith('/dev') ? 0 : found?.mtimeMs,
    names,
    files.map((file) => (file?.isFile() ? file.mtimeMs : file?.rdev)),
  ])
}

async function textOf(path: string): Promise<string> {
  return platform() === 'linux' ? readFile(path, 'utf8').catch(() => '') : ''
}

/** The version in the package of ONNX Runtime, which the host does not load; its `main` is two folders deep at most. */
async function runtimeVersion(): Promise<string> {
  const name = 'onnxruntime-node'
  let folder = dirname(createRequire(import.meta.url).resolve(name))
  for (; dirname(folder) !== folder; folder = dirname(folder)) {
    const found: unknown = await readFile(join(folder, 'package.json'), 'utf8').then(JSON.parse, () => null)
    if (typeof found === 'object' && found && 'name' in found && found.name === name && 'version' in found)
      return String(found.version)
  }
  return ''
}
