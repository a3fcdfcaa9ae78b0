/** Notes the process in the folder `LORACLE_FAULT_PROCESSES`, so that one that is left behind is found. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { role } from './role.ts'

const folder = process.env['LORACLE_FAULT_PROCESSES']
if (folder !== undefined && role !== 'thread') writeFileSync(join(folder, `${role}-${process.pid}`), '')
